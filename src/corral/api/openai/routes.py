"""The table of OpenAI's routes."""

from __future__ import annotations

from corral.api.at_model import AtModel, OverModels
from corral.api.embedding import answering
from corral.api.embedding.types import EmbeddingBody
from corral.api.endpoint import Endpoint
from corral.api.openai import chat, models, responses_routes, text
from corral.api.openai.types import ChatBody, TextBody

_TAG = "OpenAI"
_CHAT = {"messages": [{"role": "user", "content": "Hello! Who are you?"}]}


def routes() -> list[Endpoint]:
    """Return the rows of this dialect."""
    return [
        _chat_route(),
        *_prompt_routes(),
        _text_route(),
        *responses_routes.routes(),
        _embeddings_route(),
        *_model_routes(),
    ]


def _chat_route() -> Endpoint:
    return Endpoint(
        method="POST",
        paths=(
            "/v1/chat/completions",
            "/chat/completions",
            "/api/chat",
            "/v1/engines/{engine:path}/chat/completions",
        ),
        handler=AtModel(chat.complete, onward="/chat/completions", is_chat=True, is_charged=True),
        tag=_TAG,
        summary="Answer a chat",
        note=(
            "Takes every option of `/completion` besides OpenAI's own. `model` may name a character too: "
            "`model@character`, or `@character`. Models with a projector take "
            "parts of type `image_url` (`data:image/...;base64,...`) and `input_audio` (WAV), as it can. "
            "`functions` and `function_call`, the older way of tools, are answered in their older shape. "
            "With `guidance_scale` above 1 the answer keeps away from the same chat with "
            "`negative_prompt` for its system text, and takes two slots."
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
    )


def _prompt_routes() -> list[Endpoint]:
    """Return the rows that stop where a chat has become a prompt."""
    return [
        Endpoint(
            method="POST",
            paths=("/v1/chat/completions/input_tokens", "/chat/completions/input_tokens"),
            handler=AtModel(chat.count_tokens, is_chat=True),
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
            handler=AtModel(chat.apply_template, is_chat=True),
            tag="llama.cpp",
            summary="Show the prompt that a chat becomes",
            body=ChatBody,
            example=_CHAT,
        ),
    ]


def _text_route() -> Endpoint:
    return Endpoint(
        method="POST",
        paths=("/v1/completions", "/v1/engines/{engine:path}/completions"),
        handler=AtModel(text.complete, onward="/completions", is_charged=True),
        tag=_TAG,
        summary="Continue a prompt",
        note=(
            "Answers with OpenAI's keys and those of `/completion` in one object. With `guidance_scale` "
            "above 1 the answer keeps away from what follows `negative_prompt`, and takes two slots; `muse` "
            "makes the most probable tokens less so. `/completion` takes these too. The engine "
            "`copilot-codex`, of a plug-in for editors, is the model of the body unless one is called so."
        ),
        body=TextBody,
        example={"prompt": "Once upon a time", "max_tokens": 32},
        differs=(
            "One object has OpenAI's keys, as in the newest server, and those of `/completion`, as in "
            "2024, so that clients of both read it; `id` begins with `cmpl-`, as OpenAI's. A stream ends "
            "with `[DONE]`. `echo` and `suffix` are served."
        ),
    )


def _embeddings_route() -> Endpoint:
    return Endpoint(
        method="POST",
        paths=("/v1/embeddings", "/v1/engines/{engine:path}/embeddings"),
        handler=AtModel(answering.openai, purpose="embed", onward="/embeddings", is_charged=True),
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


def _model_routes() -> list[Endpoint]:
    return [
        Endpoint(
            paths=("/v1/models", "/models", "/api/tags"),
            handler=OverModels(models.every),
            tag=_TAG,
            summary="List the models",
            note=(
                "All that are declared; none is loaded for it. `meta` tells what the file's header does, and "
                "more once the model is loaded; `status` where it is. An entry of `models` can be posted to "
                "`/models/load` as it is. With `?reload=1` new models are looked for first, by those who may "
                "load models."
            ),
            is_public=True,
            differs=(
                "Needs no key, as in 2024; the newest server asks for one. `created` is when the server was "
                "started, the same in each answer. What failed is `unloaded` with `failed` and a `reason`."
            ),
        ),
        Endpoint(
            paths=("/v1/models/{model:path}", "/models/{model:path}"),
            handler=OverModels(models.one),
            tag=_TAG,
            summary="Describe one model",
            is_public=True,
            differs=("llama-server has no such route; OpenAI's clients ask for it."),
        ),
    ]
