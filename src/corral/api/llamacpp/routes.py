"""The table of llama-server's own routes."""

from __future__ import annotations

from corral.api.endpoint import Endpoint
from corral.api.llamacpp import unserved, vector_routes
from corral.api.llamacpp.completion import Completion
from corral.api.llamacpp.infill import Infill, InfillBody
from corral.api.llamacpp.lora_adapters import LoraAdapters
from corral.api.llamacpp.metrics import Metrics
from corral.api.llamacpp.server_state import ServerState
from corral.api.llamacpp.show import Show, ShowBody
from corral.api.llamacpp.slot_actions import SlotActions
from corral.api.llamacpp.tokens import Tokens
from corral.api.llamacpp.types import (
    CompletionBody,
    DetokenizeBody,
    PropsBody,
    SlotFileBody,
    TokenizeBody,
)
from corral.api.serving import Serving

_TAG = "llama.cpp"


def routes(serving: Serving) -> list[Endpoint]:
    """Return the rows of this dialect."""
    return [
        *_text_routes(serving),
        *vector_routes.routes(serving),
        *_state_routes(serving),
        *unserved.routes(),
    ]


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
                "last event is the whole object. Models with a projector take images: "
                '`{"prompt_string": "... <__media__> ...", "multimodal_data": [base64, ...]}`, or `[img-N]` '
                'in the prompt and `image_data: [{"id": N, "data": base64}]`. '
                "One of `grammar`, `json_schema`, and Corral's own `regex` and `lark` binds the answer."
            ),
            body=CompletionBody,
            example={"prompt": "Once upon a time", "n_predict": 32},
        ),
        Endpoint(
            method="POST",
            paths=("/infill",),
            handler=Infill(serving).__call__,
            tag=_TAG,
            summary="Fill in between two texts",
            note=(
                "Takes every option of `/completion` and answers as it does. `prompt` is what was typed "
                "behind `input_prefix`; `input_extra` holds other files. For models with tokens for it."
            ),
            body=InfillBody,
            example={"input_prefix": "def add(a, b):\n    return ", "input_suffix": "\n"},
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
    state, adapters = ServerState(serving), LoraAdapters(serving)
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
            paths=("/api/show",),
            handler=Show(serving).__call__,
            tag=_TAG,
            summary="Describe the model, in Ollama's form",
            body=ShowBody,
            example={"model": "corral"},
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
            method="POST",
            paths=("/slots/{id_slot}",),
            handler=SlotActions(serving).__call__,
            tag=_TAG,
            summary="Save, restore or erase what a slot holds",
            note=(
                "Needs `--slot-save-path`. `?action=save`, `restore` or `erase`; the file is a name in that "
                "folder. An action on a busy slot waits until it is idle."
            ),
            body=SlotFileBody,
            example={"filename": "chat.bin"},
        ),
        Endpoint(
            paths=("/lora-adapters",),
            handler=adapters.show,
            tag=_TAG,
            summary="List the LoRA adapters and their scales",
        ),
        Endpoint(
            method="POST",
            paths=("/lora-adapters",),
            handler=adapters.change,
            tag=_TAG,
            summary="Set the scales of the LoRA adapters",
            note=(
                'The body is an array: `[{"id": 0, "scale": 0.5}]`. Adapters that it does not name get scale '
                "0. Requests under way keep theirs."
            ),
        ),
        Endpoint(
            paths=("/metrics",),
            handler=Metrics(serving).__call__,
            tag=_TAG,
            summary="Metrics for Prometheus",
            note="Needs `--metrics`.",
        ),
    ]
