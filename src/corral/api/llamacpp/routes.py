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
        *_completion_routes(serving),
        *_token_routes(serving),
        *vector_routes.routes(serving),
        *_state_routes(serving),
        *_watch_routes(serving),
        *_change_routes(serving),
        *unserved.routes(),
    ]


def _completion_routes(serving: Serving) -> list[Endpoint]:
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
            differs=(
                "`n_predict` 0 generates nothing, as llama-server's documentation of 2024 has it; both "
                "servers sample a token. As in 2024, a prompt longer than the context is cut unless "
                "`--no-context-shift` is given, `cache_prompt` is off unless asked for, so that a seed "
                "repeats its text, and `-n` bounds what requests ask. The answer repeats the prompt as it "
                "was supplied, where the newest server writes out its text. An unknown `id_slot` is 400 "
                "instead of waiting for ever or taking another slot. Of several stop strings the one that is "
                "complete first wins, however the text was cut into tokens, and text held back for one is "
                "sent when none comes. Entries of `completion_probabilities` have the keys of both servers."
            ),
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
            differs=(
                "400 only where both sides are missing, and `prompt` may be left out: the server of 2024 "
                "demanded a `prompt`, the newest demands both sides. What stands in files is text, also "
                "where it looks like a special token, as in the newest server. The rest as `/completion`."
            ),
        ),
    ]


def _token_routes(serving: Serving) -> list[Endpoint]:
    tokens = Tokens(serving)
    return [
        Endpoint(
            method="POST",
            paths=("/tokenize",),
            handler=tokens.tokenize,
            tag=_TAG,
            summary="Turn text into token ids",
            body=TokenizeBody,
            example={"content": "Hello there"},
            differs=("Ids outside the vocabulary are 400: llama.cpp is never asked about them."),
        ),
        Endpoint(
            method="POST",
            paths=("/detokenize",),
            handler=tokens.detokenize,
            tag=_TAG,
            summary="Turn token ids into text",
            body=DetokenizeBody,
            example={"tokens": [1, 2, 3]},
            differs=("Ids outside the vocabulary are 400: llama.cpp is never asked about them."),
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
            differs=(
                "Needs no key, as the documentation of 2024 promises; the newest server asks for one. The "
                "default settings stand flat, as in 2024, and again under `params`, as in the newest server."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/api/show",),
            handler=Show(serving).__call__,
            tag=_TAG,
            summary="Describe the model, in Ollama's form",
            body=ShowBody,
            example={"model": "corral"},
            differs=("`details` name the model's family, which llama-server leaves empty."),
        ),
    ]


def _watch_routes(serving: Serving) -> list[Endpoint]:
    return [
        Endpoint(
            paths=("/slots",),
            handler=ServerState(serving).slots,
            tag=_TAG,
            summary="Show what every slot does",
            note="Needs `--slots`. With `?fail_on_no_slot=1`: 503 when none is idle.",
            differs=(
                "Off unless `--slots` is given, as documented in 2024, because it shows the prompts of "
                "others. A slot has the keys of both servers; `next_token` is an object, as in 2024, where "
                "the newest server has an array."
            ),
        ),
        Endpoint(
            paths=("/lora-adapters",),
            handler=LoraAdapters(serving).show,
            tag=_TAG,
            summary="List the LoRA adapters and their scales",
        ),
        Endpoint(
            paths=("/metrics",),
            handler=Metrics(serving).__call__,
            tag=_TAG,
            summary="Metrics for Prometheus",
            note="Needs `--metrics`.",
            differs=(
                "The gauges of the KV cache, which the newest server has dropped, are still there, no value "
                "is ever `nan`, and the engine's crashes, restarts and memory are told besides."
            ),
        ),
    ]


def _change_routes(serving: Serving) -> list[Endpoint]:
    return [
        Endpoint(
            method="POST",
            paths=("/props",),
            handler=ServerState(serving).change_props,
            tag=_TAG,
            summary="Change global properties",
            note="Needs `--props`.",
            body=PropsBody,
            example={"system_prompt": "You are a kind assistant."},
            differs=(
                "`system_prompt` is put before every prompt, as in 2024; the newest server has dropped it "
                "and ignores the body. It costs no more than once: its KV is shared."
            ),
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
            differs=(
                "Files are llama.cpp's with a seal behind; one of another model, or a damaged one, is "
                "refused instead of giving nonsense. llama-server's own files are read after a check of "
                "their own."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/lora-adapters",),
            handler=LoraAdapters(serving).change,
            tag=_TAG,
            summary="Set the scales of the LoRA adapters",
            note=(
                'The body is an array: `[{"id": 0, "scale": 0.5}]`. Adapters that it does not name get scale '
                "0. Requests under way keep theirs."
            ),
            differs=(
                "An unknown id, or one named twice, is 400 and nothing changes; the server of 2024 answered "
                "500 after it had set all to 0."
            ),
        ),
    ]
