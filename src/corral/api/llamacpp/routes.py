"""The table of llama-server's own routes."""

from __future__ import annotations

from corral.api.at_model import AtModel, OverModels
from corral.api.endpoint import Endpoint
from corral.api.llamacpp import (
    completion,
    infill,
    lora_adapters,
    metrics,
    model_routes,
    server_state,
    show,
    slot_actions,
    tokens,
    unserved,
    vector_routes,
)
from corral.api.llamacpp.infill import InfillBody
from corral.api.llamacpp.show import ShowBody
from corral.api.llamacpp.types import (
    CompletionBody,
    DetokenizeBody,
    PropsBody,
    SlotFileBody,
    TokenizeBody,
)

_TAG = "llama.cpp"


def routes() -> list[Endpoint]:
    """Return the rows of this dialect."""
    return [
        *_completion_routes(),
        *_token_routes(),
        *vector_routes.routes(),
        *_state_routes(),
        *_watch_routes(),
        *_change_routes(),
        *model_routes.routes(),
        *unserved.routes(),
    ]


def _completion_routes() -> list[Endpoint]:
    return [
        Endpoint(
            method="POST",
            paths=("/completion", "/completions"),
            handler=AtModel(completion.complete, is_charged=True),
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
            handler=AtModel(infill.fill_in, is_charged=True),
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


def _token_routes() -> list[Endpoint]:
    return [
        Endpoint(
            method="POST",
            paths=("/tokenize",),
            handler=AtModel(tokens.tokenize),
            tag=_TAG,
            summary="Turn text into token ids",
            body=TokenizeBody,
            example={"content": "Hello there"},
            differs=("Ids outside the vocabulary are 400: llama.cpp is never asked about them."),
        ),
        Endpoint(
            method="POST",
            paths=("/detokenize",),
            handler=AtModel(tokens.detokenize),
            tag=_TAG,
            summary="Turn token ids into text",
            body=DetokenizeBody,
            example={"tokens": [1, 2, 3]},
            differs=("Ids outside the vocabulary are 400: llama.cpp is never asked about them."),
        ),
    ]


def _state_routes() -> list[Endpoint]:
    return [
        Endpoint(
            paths=("/health", "/v1/health"),
            handler=server_state.health,
            tag=_TAG,
            summary="Tell whether requests are served",
            is_public=True,
        ),
        Endpoint(
            paths=("/props",),
            handler=AtModel(server_state.props, unnamed=server_state.router_props),
            tag=_TAG,
            summary="Describe the model and the default settings",
            note=(
                "Of many models `?model=` names one, which is loaded unless `?autoload=0` is given or a key "
                "is needed and missing. Without it the answer has `role: router`, loads nothing, and "
                "describes the default model if that is loaded. An only model that sleeps is not woken by it."
            ),
            is_public=True,
            differs=(
                "Needs no key, as the documentation of 2024 promises; the newest server asks for one. The "
                "default settings stand flat, as in 2024, and again under `params`, as in the newest server."
            ),
        ),
        Endpoint(
            method="POST",
            paths=("/api/show",),
            handler=AtModel(show.show),
            tag=_TAG,
            summary="Describe the model, in Ollama's form",
            body=ShowBody,
            example={"model": "corral"},
            differs=("`details` name the model's family, which llama-server leaves empty."),
        ),
    ]


def _watch_routes() -> list[Endpoint]:
    return [
        Endpoint(
            paths=("/slots",),
            handler=OverModels(server_state.slots),
            tag=_TAG,
            summary="Show what every slot does",
            note=(
                "Needs `--slots`. With `?fail_on_no_slot=1`: 503 when none is idle. Of many models `?model=` "
                "names one, else it is the default one; one that is not loaded has no slots, and is not "
                "loaded for this. A key sees the prompts, settings and counts of its own requests, an admin "
                "key those of all; of others' slots it is told whether they are busy."
            ),
            differs=(
                "Off unless `--slots` is given, as documented in 2024. llama-server shows every key the "
                "prompts of all. A slot has the keys of both servers; `next_token` is an object, as in 2024, "
                "where the newest server has an array."
            ),
        ),
        Endpoint(
            paths=("/lora-adapters",),
            handler=AtModel(lora_adapters.show),
            tag=_TAG,
            summary="List the LoRA adapters and their scales",
        ),
        Endpoint(
            paths=("/metrics",),
            handler=OverModels(metrics.metrics),
            tag=_TAG,
            summary="Metrics for Prometheus",
            note=(
                "Needs `--metrics`. Of many models those that are loaded are told apart by the label "
                "`model`; `?model=` asks for one, without labels. No model is loaded for this. Nothing is "
                "told apart by key."
            ),
            differs=(
                "The gauges of the KV cache, which the newest server has dropped, are still there, no value "
                "is ever `nan`, and the tiers of the prefix cache, the expected wait, the time for sampling, "
                "and the engine's crashes, restarts and memory are told besides."
            ),
        ),
    ]


def _change_routes() -> list[Endpoint]:
    return [
        Endpoint(
            method="POST",
            paths=("/props",),
            handler=AtModel(server_state.change_props),
            tag=_TAG,
            summary="Change global properties",
            note="Needs `--props`, and where keys have terms of their own an admin key.",
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
            handler=AtModel(slot_actions.act),
            tag=_TAG,
            summary="Save, restore or erase what a slot holds",
            note=(
                "Needs `--slot-save-path`. `?action=save`, `restore` or `erase`; the file is a name in that "
                "folder. An action on a busy slot waits until it is idle. What another key has asked is "
                "saved and erased with an admin key only."
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
            handler=AtModel(lora_adapters.change),
            tag=_TAG,
            summary="Set the scales of the LoRA adapters",
            note=(
                'The body is an array: `[{"id": 0, "scale": 0.5}]`. Adapters that it does not name get scale '
                "0. Requests under way keep theirs. Where keys have terms of their own it needs an admin key."
            ),
            differs=(
                "An unknown id, or one named twice, is 400 and nothing changes; the server of 2024 answered "
                "500 after it had set all to 0."
            ),
        ),
    ]
