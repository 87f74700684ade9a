"""Wire options -> SamplingParams. Pure. What is out of range is clamped as llama-server does."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from corral.api.generation.fields import GenerationFields
from corral.api.generation.numbers import FLOAT32_MAX, INT32_MAX, clamped, whole
from corral.core.errors import InvalidRequestError
from corral.core.sampling import SAMPLER_NAMES, SamplingParams

RANDOM_SEED = 2**32 - 1  # llama.h's LLAMA_DEFAULT_SEED; on the wire -1 means the same
MAX_PROBS = 1024  # alternatives per token; more is a way to exhaust memory

_FLOATS = (
    "temperature",
    "dynatemp_range",
    "dynatemp_exponent",
    "top_p",
    "min_p",
    "typical_p",
    "top_n_sigma",
    "xtc_probability",
    "xtc_threshold",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
    "dry_multiplier",
    "dry_base",
    "mirostat_tau",
    "mirostat_eta",
)
_INTS = {
    "top_k": (-INT32_MAX, INT32_MAX),
    "repeat_last_n": (-1, INT32_MAX),
    "dry_allowed_length": (0, INT32_MAX),
    "dry_penalty_last_n": (-1, INT32_MAX),
    "min_keep": (0, INT32_MAX),
    "n_probs": (0, MAX_PROBS),
}
_SAMPLER_SPELLINGS = {
    **{name: name for name in SAMPLER_NAMES},
    "typical_p": "typ_p",
    "typical": "typ_p",
    "temp": "temperature",
}


def to_sampling(fields: GenerationFields, defaults: SamplingParams, n_vocab: int) -> SamplingParams:
    """Return the sampler chain that `fields` ask for. Raises InvalidRequestError."""
    given: dict[str, Any] = {
        **{name: _bounded(getattr(fields, name)) for name in _FLOATS if getattr(fields, name) is not None},
        **_whole_numbers(fields),
    }
    if fields.dry_base is not None and fields.dry_base < 1:
        del given["dry_base"]
    if fields.mirostat is not None:
        kind = whole("mirostat", fields.mirostat)
        given["mirostat"] = kind if kind in (1, 2) else 0
    if fields.seed is not None:
        given["seed"] = _seed(fields.seed)
    if fields.samplers is not None:
        given["samplers"] = _samplers(fields.samplers)
    if fields.dry_sequence_breakers is not None:
        given["dry_sequence_breakers"] = _breakers(fields.dry_sequence_breakers)
    if fields.logit_bias is not None:
        given["logit_bias"] = tuple(_biases(fields.logit_bias, n_vocab))
    if fields.ignore_eos is not None:
        given["ignore_eos"] = fields.ignore_eos
    return msgspec.structs.replace(defaults, **given)


def _whole_numbers(fields: GenerationFields) -> dict[str, int]:
    given = {name: getattr(fields, name) for name in _INTS}
    return {name: clamped(name, value, *_INTS[name]) for name, value in given.items() if value is not None}


def _bounded(value: float) -> float:
    return max(-FLOAT32_MAX, min(float(value), FLOAT32_MAX))


def _seed(value: float) -> int | None:
    """Return the low 32 bits, as C does; -1 and its unsigned spelling ask for a random one."""
    seed = whole("seed", value) & RANDOM_SEED
    return None if seed == RANDOM_SEED else seed


def _samplers(names: list[str]) -> tuple[str, ...]:
    """Return the chain in our spelling; unknown names are dropped, order and repeats kept."""
    return tuple(_SAMPLER_SPELLINGS[name] for name in names if name in _SAMPLER_SPELLINGS)


def _breakers(texts: list[str]) -> tuple[str, ...]:
    if not texts:
        raise InvalidRequestError("Field 'dry_sequence_breakers': must be a non-empty array of strings")
    return tuple(texts)


def _biases(given: list[Any] | dict[str, Any], n_vocab: int) -> Iterable[tuple[int | str, float]]:
    """Yield (id or text, offset); malformed pairs and ids outside the vocabulary are skipped."""
    for pair in [[_key(key), bias] for key, bias in given.items()] if isinstance(given, dict) else given:
        match pair:
            case [bool(), _]:
                continue
            case [int(token), _] if not 0 <= token < n_vocab:
                continue
            case [int() | str() as token, False]:
                yield token, -math.inf
            case [int() | str() as token, int() | float() as bias] if bias is not True:
                yield token, _bounded(min(max(bias, -1e30), 1e30))


def _key(key: str) -> int | str:
    """Return an object's key as the token id it spells, else as the text it is."""
    return int(key) if key.isascii() and key.isdigit() and len(key) < 10 else key
