"""Wire options -> SamplingParams. Pure. What is out of range is clamped as llama-server does."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from corral.api.generation.fields import GenerationFields
from corral.api.generation.muse import to_muse
from corral.api.generation.numbers import INT32_MAX, clamped, whole
from corral.core.errors import InvalidRequestError
from corral.core.sampler_names import by_letters, by_names
from corral.core.sampling import MAX_BIAS, SamplingParams

RANDOM_SEED = 2**32 - 1  # llama.h's LLAMA_DEFAULT_SEED; on the wire -1 means the same
MAX_PROBS = 1024  # alternatives per token; more is a way to exhaust memory
MAX_SAMPLERS = 64  # names in one chain
MAX_BREAKERS = 64  # each is looked for in every token of the vocabulary
MAX_FACTOR = 1000.0
MIN_TEMPERATURE = 1e-6  # what is above 0; far below it logits would overflow

# Ranges within which logits stay numbers whatever is combined; those of llama-server where it has one.
_FLOATS = {
    "temperature": (-MAX_FACTOR, MAX_FACTOR),
    "dynatemp_range": (-MAX_FACTOR, MAX_FACTOR),
    "dynatemp_exponent": (0.0, MAX_FACTOR),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "tfs_z": (0.0, 1.0),
    "typical_p": (0.0, 1.0),
    "top_n_sigma": (-MAX_FACTOR, MAX_FACTOR),
    "xtc_probability": (0.0, 1.0),
    "xtc_threshold": (0.0, 1.0),
    "repeat_penalty": (1 / MAX_FACTOR, MAX_FACTOR),
    "presence_penalty": (-MAX_FACTOR, MAX_FACTOR),
    "frequency_penalty": (-MAX_FACTOR, MAX_FACTOR),
    "dry_multiplier": (0.0, MAX_FACTOR),
    "dry_base": (1.0, MAX_FACTOR),
    "mirostat_tau": (-MAX_FACTOR, MAX_FACTOR),
    "mirostat_eta": (-MAX_FACTOR, MAX_FACTOR),
    "adaptive_target": (-MAX_FACTOR, 1.0),
    "adaptive_decay": (0.0, 0.99),
}
_INTS = {
    "top_k": (-INT32_MAX, INT32_MAX),
    "repeat_last_n": (-1, INT32_MAX),
    "repeat_sustain": (-1, INT32_MAX),
    "repeat_decay": (0, INT32_MAX),
    "dry_allowed_length": (0, INT32_MAX),
    "dry_penalty_last_n": (-1, INT32_MAX),
    "min_keep": (0, INT32_MAX),
    "n_probs": (0, MAX_PROBS),
}


def to_sampling(fields: GenerationFields, defaults: SamplingParams, n_vocab: int) -> SamplingParams:
    """Return the sampler chain that `fields` ask for. Raises InvalidRequestError."""
    _check_penalty(fields)
    given: dict[str, Any] = {
        **_numbers(fields),
        **_whole_numbers(fields),
        **_switches(fields),
    }
    if 0 < given.get("temperature", 0) < MIN_TEMPERATURE:
        given["temperature"] = MIN_TEMPERATURE
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
    return msgspec.structs.replace(defaults, **given)


def _check_penalty(fields: GenerationFields) -> None:
    penalty = fields.repeat_penalty
    if penalty is not None and penalty <= 0:
        raise InvalidRequestError(f"Field 'repeat_penalty': must be greater than 0, got {penalty}")


def _numbers(fields: GenerationFields) -> dict[str, float]:
    given = {name: getattr(fields, name) for name in _FLOATS}
    return {name: _within(value, *_FLOATS[name]) for name, value in given.items() if value is not None}


def _whole_numbers(fields: GenerationFields) -> dict[str, int]:
    given = {name: getattr(fields, name) for name in _INTS}
    return {name: clamped(name, value, *_INTS[name]) for name, value in given.items() if value is not None}


def _switches(fields: GenerationFields) -> dict[str, Any]:
    given: dict[str, Any] = {"ignore_eos": fields.ignore_eos, "is_newline_penalized": fields.penalize_nl}
    given = {name: value for name, value in given.items() if value is not None}
    return given if fields.muse is None else {**given, "muse": to_muse(fields.muse)}


def _within(value: float, low: float, high: float) -> float:
    return float(max(low, min(value, high)))


def _seed(value: float) -> int | None:
    """Return the low 32 bits, as C does; -1 and its unsigned spelling ask for a random one."""
    seed = whole("seed", value) & RANDOM_SEED
    return None if seed == RANDOM_SEED else seed


def _samplers(given: list[str] | str) -> tuple[str, ...]:
    """Return the chain that names, or one letter each, stand for. Unknown ones are dropped."""
    if isinstance(given, str):
        chain = by_names(given.split(";")) if ";" in given else by_letters(given)
    else:
        chain = by_names(given)
    if len(chain) > MAX_SAMPLERS:
        raise InvalidRequestError(f"Field 'samplers': at most {MAX_SAMPLERS} are served")
    return chain


def _breakers(texts: list[str]) -> tuple[str, ...]:
    if not texts:
        raise InvalidRequestError("Field 'dry_sequence_breakers': must be a non-empty array of strings")
    if len(texts) > MAX_BREAKERS:
        raise InvalidRequestError(f"Field 'dry_sequence_breakers': at most {MAX_BREAKERS} are served")
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
                yield token, _within(bias, -MAX_BIAS, MAX_BIAS)


def _key(key: str) -> int | str:
    """Return an object's key as the token id it spells, else as the text it is."""
    return int(key) if key.isascii() and key.isdigit() and len(key) < 10 else key
