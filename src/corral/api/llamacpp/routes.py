"""The table of llama-server's own routes."""

from __future__ import annotations

from corral.api.endpoint import Endpoint
from corral.api.llamacpp.completion import Completion
from corral.api.llamacpp.metrics import Metrics
from corral.api.llamacpp.server_state import ServerState
from corral.api.llamacpp.tokens import Tokens
from corral.api.llamacpp.types import CompletionBody, DetokenizeBody, PropsBody, TokenizeBody
from corral.api.serving import Serving

_TAG = "llama.cpp"


def routes(serving: Serving) -> list[Endpoint]:
    """Return the rows of this dialect."""
    return [*_text_routes(serving), *_state_routes(serving)]


def _text_routes(serving: Serving) -> list[Endpoint]:
    tokens = Tokens(serving)
    return [
        Endpoint(
            method="POST",
            paths=("/completion", "/completions"),
            handler=Completion(serving).__call__,
            tag=_TAG,
            summary="Continue a prompt",
            note=(
                "`prompt` is a string, an array of token ids, an array of both, or an array of such prompts. "
                "One prompt gives an object, several an array. With `stream` every token is an event and the "
                "last event is the whole object."
            ),
            body=CompletionBody,
            example={"prompt": "Once upon a time", "n_predict": 32},
        ),
        Endpoint(
            method="POST",
            paths=("/tokenize",),
            handler=tokens.tokenize,
            tag=_TAG,
            summary="Turn text into token ids",
            body=TokenizeBody,
            example={"content": "Hello there"},
        ),
        Endpoint(
            method="POST",
            paths=("/detokenize",),
            handler=tokens.detokenize,
            tag=_TAG,
            summary="Turn token ids into text",
            body=DetokenizeBody,
            example={"tokens": [1, 2, 3]},
        ),
    ]


def _state_routes(serving: Serving) -> list[Endpoint]:
    state = ServerState(serving)
    return [
        Endpoint(
            paths=("/health", "/v1/health"),
            handler=state.health,
            tag=_TAG,
            summary="Tell whether requests are served",
            is_public=True,
        ),
        Endpoint(
            paths=("/props",),
            handler=state.props,
            tag=_TAG,
            summary="Describe the model and the default settings",
            is_public=True,
        ),
        Endpoint(
            method="POST",
            paths=("/props",),
            handler=state.change_props,
            tag=_TAG,
            summary="Change global properties",
            note="Needs `--props`.",
            body=PropsBody,
            example={"system_prompt": "You are a kind assistant."},
        ),
        Endpoint(
            paths=("/slots",),
            handler=state.slots,
            tag=_TAG,
            summary="Show what every slot does",
            note="Needs `--slots`. With `?fail_on_no_slot=1`: 503 when none is idle.",
        ),
        Endpoint(
            paths=("/metrics",),
            handler=Metrics(serving).__call__,
            tag=_TAG,
            summary="Metrics for Prometheus",
            note="Needs `--metrics`.",
        ),
    ]
