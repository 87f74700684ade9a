"""`genParams` -> the options of a generation. Pure.

ExLlama's order (`sample` of its generator): the repetition penalty, the temperature, then top-k, top-p and
min-p. Its `min_p` is the least probability that a token may have after temperature and top-k. llama.cpp's is
a share of the best token's probability, and so never more: no token is lost that ExLlama would have kept, and
at 0, the default, both are off. Its top-p ends before the token that crosses the threshold, llama.cpp's
behind it. `top_p` 0 and `top_k` 0 switch these off. `min_length` and `max_length` change nothing, as in the
original.
"""

from __future__ import annotations

from typing import Any

from corral.api.characters.types import GenParams
from corral.api.generation.fields import GenerationFields
from corral.api.generation.limits import MAX_STOPS
from corral.api.generation.numbers import INT32_MAX, whole
from corral.core.errors import InvalidRequestError
from corral.prompt.persona import PersonaSampling

ORDER = ["penalties", "temperature", "top_k", "top_p", "min_p"]
MAX_FACTOR = 1000.0  # of a penalty, of a temperature

_DEFAULTS = {
    "temperature": 0.44,
    "top_k": 20,
    "top_p": 0.65,
    "min_p": 0.0,
    "repetition_penalty_max": 1.15,
    "repetition_penalty_sustain": 256,
    "repetition_penalty_decay": 128,
}
_RANGES = {
    "temperature": (0.0, MAX_FACTOR),
    "top_p": (0.0, 1.0),
    "min_p": (0.0, 1.0),
    "repetition_penalty_max": (1 / MAX_FACTOR, MAX_FACTOR),
}
_WHOLE_RANGES = {
    "max_new_tokens": (1, INT32_MAX),
    "min_length": (0, INT32_MAX),
    "max_length": (0, INT32_MAX),
    "top_k": (0, INT32_MAX),
    "repetition_penalty_sustain": (-1, INT32_MAX),
    "repetition_penalty_decay": (0, INT32_MAX),
    "beams": (1, INT32_MAX),
    "beam_length": (1, INT32_MAX),
    "seed": (-1, 2**32 - 1),
}
_LONG = "token_"  # what the longer spelling of the penalties begins with
_PENALTIES = ("repetition_penalty_max", "repetition_penalty_sustain", "repetition_penalty_decay")


def n_new_tokens(params: GenParams) -> int:
    """Return `max_new_tokens`. Raises InvalidRequestError."""
    return int(_checked("max_new_tokens", params.max_new_tokens))


def to_fields(params: GenParams, own: PersonaSampling) -> GenerationFields:
    """Return the options; what `params` leave open is as `own` has it, else ExLlama's. Raises the same.

    A given seed repeats its text: the prompt is evaluated anew then, as by the cache it would be computed in
    other portions, and with other rounding.
    """
    given = _given(params)
    _refuse_beams(given)
    values = _DEFAULTS | _of_persona(own) | given
    seed = values.get("seed")
    return GenerationFields(
        n_predict=values["max_new_tokens"],
        temperature=values["temperature"],
        top_k=values["top_k"],
        top_p=values["top_p"] or 1.0,
        min_p=values["min_p"],
        repeat_penalty=values["repetition_penalty_max"],
        repeat_sustain=values["repetition_penalty_sustain"],
        repeat_decay=values["repetition_penalty_decay"],
        penalize_nl=True,
        mirostat=0,
        samplers=ORDER,
        seed=seed,
        cache_prompt=None if seed in (None, -1) else False,
        stop=_stops(params.stop),
    )


def _given(params: GenParams) -> dict[str, Any]:
    """Return what the client gave, under the shorter spellings, each within its range."""
    found = {
        name: _either(params, name) if name in _PENALTIES else (name, getattr(params, name))
        for name in _NAMES
    }
    return {name: _checked(name, value, said) for name, (said, value) in found.items() if value is not None}


def _either(params: GenParams, name: str) -> tuple[str, float | None]:
    """Return the spelling that was used and its value."""
    long, short = getattr(params, _LONG + name), getattr(params, name)
    if long is not None and short is not None and long != short:
        raise InvalidRequestError(
            f"Fields 'genParams.{_LONG}{name}' and 'genParams.{name}': they mean the same, but differ"
        )
    return (name, short) if long is None else (_LONG + name, long)


def _checked(name: str, value: float, said: str | None = None) -> float:
    field = f"genParams.{said or name}"
    is_whole = name in _WHOLE_RANGES
    low, high = _WHOLE_RANGES[name] if is_whole else _RANGES[name]
    if not low <= value <= high:
        raise InvalidRequestError(f"Field '{field}': must be between {low} and {high}, got {value}")
    return whole(field, value) if is_whole else value


def _refuse_beams(given: dict[str, Any]) -> None:
    for name in ("beams", "beam_length"):
        if given.get(name, 1) > 1:
            raise InvalidRequestError(
                f"Field 'genParams.{name}': beam search is not served; leave it out or set it to 1"
            )


def _of_persona(own: PersonaSampling) -> dict[str, Any]:
    values = {
        "temperature": own.temperature,
        "top_k": own.top_k,
        "top_p": own.top_p,
        "min_p": own.min_p,
        "repetition_penalty_max": own.repeat_penalty,
        "repetition_penalty_sustain": own.repeat_last_n,
        "repetition_penalty_decay": None if own.repeat_last_n is None else 0,
    }
    return {name: value for name, value in values.items() if value is not None}


def _stops(given: str | list[str] | None) -> list[str]:
    stops = [given] if isinstance(given, str) else given or []
    if len(stops) > MAX_STOPS:
        raise InvalidRequestError(f"Field 'genParams.stop': at most {MAX_STOPS} strings are served")
    return stops


_NAMES = (*_RANGES, *_WHOLE_RANGES)
