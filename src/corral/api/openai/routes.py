"""The table of OpenAI's routes."""

from __future__ import annotations

from corral.api.embedding.answering import Embeddings
from corral.api.embedding.types import EmbeddingBody
from corral.api.endpoint import Endpoint
from corral.api.openai import responses_routes
from corral.api.openai.chat import Chat
from corral.api.openai.models import Models
from corral.api.openai.text import Text
from corral.api.openai.types import ChatBody, TextBody
from corral.api.serving import Serving

_TAG = "OpenAI"
_CHAT = {"messages": [{"role": "user", "content": "Hello! Who are you?"}]}


def routes(serving: Serving) -> list[Endpoint]:
    """Return the rows of this dialect."""
    return [
        *_chat_routes(serving),
        _text_route(serving),
        *responses_routes.routes(serving),
        _embeddings_route(serving),
        *_model_routes(serving),
    ]


def _chat_routes(serving: Serving) -> list[Endpoint]:
    chat = Chat(serving)
    return [
        Endpoint(
            method="POST",
            paths=("/v1/chat/completions", "/chat/completions", "/api/chat"),
            handler=chat.complete,
            tag=_TAG,
            summary="Answer a chat",
            note=(
                "Takes every option of `/completion` besides OpenAI's own. Models with a projector take "
                "parts of type `image_url` (`data:image/...;base64,...`) and `input_audio` (WAV), as it can."
            ),
            body=ChatBody,
            example=_CHAT,
            differs=(
                "`model` in the answer is what the request named, as in 2024; the newest server puts its own "
                "name there. The finishing chunk of a stream always carries `usage`, as in 2024, and "
                "`include_usage` adds the newest server's chunk. `finish_reason` is `length` for whole "
                "answers too, where the server of 2024 said `stop`. Tools of a chat template whose way of "
                "calls is not known are told in words and called in JSON, where the newest server derives a "
                "parser. An answer that goes on with a beginning of the client's holds what is new only, so "
                "that both can be joined; the newest server repeats the beginning."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/v1/chat/completions/input_tokens", "/chat/completions/input_tokens"),
            handler=chat.count_tokens,
            tag=_TAG,
            summary="Count the tokens of a chat",
            body=ChatBody,
            example=_CHAT,
            differs=(
                "501 for a chat with images, whose tokens only the engine knows; llama-server counts their "
                "marks as text."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/apply-template",),
            handler=chat.apply_template,
            tag="llama.cpp",
            summary="Show the prompt that a chat becomes",
            body=ChatBody,
            example=_CHAT,
        ),
    ]


def _text_route(serving: Serving) -> Endpoint:
    return Endpoint(
        method="POST",
        paths=("/v1/completions",),
        handler=Text(serving).complete,
        tag=_TAG,
        summary="Continue a prompt",
        note="Answers with OpenAI's keys and those of `/completion` in one object.",
        body=TextBody,
        example={"prompt": "Once upon a time", "max_tokens": 32},
        differs=(
            "One object has OpenAI's keys, as in the newest server, and those of `/completion`, as in "
            "2024, so that clients of both read it; a stream ends with `[DONE]`. `echo` and `suffix` are "
            "served."
        ),
    )


def _embeddings_route(serving: Serving) -> Endpoint:
    return Endpoint(
        method="POST",
        paths=("/v1/embeddings",),
        handler=Embeddings(serving).openai,
        tag=_TAG,
        summary="Turn text into vectors",
        note="Needs `--embedding`. Takes `content` too, and answers then as `/embedding` does.",
        body=EmbeddingBody,
        example={"input": ["The quick brown fox", "jumps over the lazy dog"]},
        differs=(
            "The key decides the shape here too, as in 2024 and, on this path, in the newest server. Other "
            "`dimensions` than the model's are refused: vectors are not shortened."
        ),
    )


def _model_routes(serving: Serving) -> list[Endpoint]:
    models = Models(serving)
    return [
        Endpoint(
            paths=("/v1/models", "/models", "/api/tags"),
            handler=models.every,
            tag=_TAG,
            summary="List the models",
            is_public=True,
            differs=(
                "Needs no key, as in 2024; the newest server asks for one. `created` is when the server was "
                "started, the same in each answer."
            ),
        ),
        Endpoint(
            paths=("/v1/models/{model:path}", "/models/{model:path}"),
            handler=models.one,
            tag=_TAG,
            summary="Describe one model",
            is_public=True,
            differs=("llama-server has no such route; OpenAI's clients ask for it."),
        ),
    ]
