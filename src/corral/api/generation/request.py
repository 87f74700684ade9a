"""A body's options and prompts -> the requests that the engine gets. Pure, but for the ids it draws."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from corral.api.generation import limits
from corral.api.generation.drafts import to_drafts
from corral.api.generation.fields import GenerationFields
from corral.api.generation.guidance import to_guidance
from corral.api.generation.images import MediaTerms, with_images
from corral.api.generation.loras import to_loras
from corral.api.generation.numbers import clamped
from corral.api.generation.prompts import WirePrompt
from corral.api.generation.refusals import refuse_unserved
from corral.api.generation.sampling import to_sampling
from corral.api.generation.spellings import put_under_usual_names
from corral.api.generation.structure import to_structure
from corral.core.messages import ModelFacts
from corral.core.request import GenerationRequest
from corral.core.settings import GenerationDefaults


class Ask(msgspec.Struct, frozen=True):
    """One prompt of a body, as asked of the engine. Its sequences are numbered from `first_index`."""

    supplied: object
    request: GenerationRequest
    first_index: int


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What every request of one body shares besides its options."""

    facts: ModelFacts
    defaults: GenerationDefaults
    caller: str
    is_cached: bool
    is_bos_wanted: bool = True
    media: MediaTerms = MediaTerms()


def to_asks(fields: GenerationFields, prompts: list[WirePrompt], terms: Terms) -> list[Ask]:
    """Return one ask per prompt. Raises InvalidRequestError."""
    refuse_unserved(fields)
    put_under_usual_names(fields)
    prompts = with_images(prompts, fields.image_data, terms.facts, terms.media)
    shared = _shared(fields, terms)
    n = shared["n"]
    return [
        Ask(
            prompt.supplied,
            GenerationRequest(request_id=uuid.uuid4().hex, prompt=prompt.pieces, **shared),
            position * n,
        )
        for position, prompt in enumerate(prompts)
    ]


def _shared(fields: GenerationFields, terms: Terms) -> dict[str, Any]:
    facts, defaults = terms.facts, terms.defaults
    n_predict = limits.n_predict(fields, defaults.n_predict)
    return {
        "is_bos_wanted": terms.is_bos_wanted,
        "n": limits.n_sequences(fields, facts.n_slots),
        "sampling": to_sampling(fields, defaults.sampling, facts.n_vocab),
        "max_tokens": n_predict if n_predict >= 0 else None,
        "is_until_context_full": n_predict == limits.UNTIL_FULL,
        "max_predict_ms": _time_limit_ms(fields.t_max_predict_ms),
        "stop": limits.stops(fields) or defaults.stop,
        "n_indent": clamped("n_indent", fields.n_indent or 0, 0),
        "is_streamed": bool(fields.stream),
        "is_progress_wanted": bool(fields.stream and fields.return_progress),
        "n_keep": limits.n_keep(fields, defaults.n_keep),
        "n_discard": clamped("n_discard", fields.n_discard or 0, 0),
        "slot": limits.slot(fields, facts.n_slots),
        "is_cache_wanted": _first(fields.cache_prompt, defaults.is_cache_wanted, terms.is_cached),
        "loras": to_loras(fields.lora, len(facts.loras)),
        "caller": terms.caller,
        "structure": to_structure(fields, defaults.structure),
        "guidance": to_guidance(fields, facts.n_vocab),
        "drafts": to_drafts(fields),
    }


def _first(*wishes: bool | None) -> bool:
    """Return the first that says something; the last does."""
    return next(wish for wish in wishes if wish is not None)


def _time_limit_ms(value: float | None) -> float | None:
    """Return the limit; 0 and below mean none, as llama-server has it."""
    return value if value is not None and value > 0 else None
