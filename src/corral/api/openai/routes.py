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
        *_text_routes(serving),
        *responses_routes.routes(serving),
        _embeddings_route(serving),
        *_model_routes(serving),
    ]


def _text_routes(serving: Serving) -> list[Endpoint]:
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
        ),
        Endpoint(
            method="POST",
            paths=("/v1/completions",),
            handler=Text(serving).complete,
            tag=_TAG,
            summary="Continue a prompt",
            note="Answers with OpenAI's keys and those of `/completion` in one object.",
            body=TextBody,
            example={"prompt": "Once upon a time", "max_tokens": 32},
        ),
        Endpoint(
            method="POST",
            paths=("/v1/chat/completions/input_tokens", "/chat/completions/input_tokens"),
            handler=chat.count_tokens,
            tag=_TAG,
            summary="Count the tokens of a chat",
            body=ChatBody,
            example=_CHAT,
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
        ),
        Endpoint(
            paths=("/v1/models/{model:path}", "/models/{model:path}"),
            handler=models.one,
            tag=_TAG,
            summary="Describe one model",
            is_public=True,
        ),
    ]
