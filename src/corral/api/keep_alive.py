"""`keep_alive`: how long a model is to stay after a request, as Ollama's clients write it."""

from __future__ import annotations

import re

from corral.core.errors import InvalidRequestError

LONGEST_S = 10 * 365 * 86400.0  # timers take no more

_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_WHOLE = re.compile(rf"([+-]?)((?:{_PART.pattern})+)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_BAD = (
    'Field \'keep_alive\': must be a number of seconds or a text such as "5m" or "1h30m"; 0 unloads the '
    "model after the request, a negative one keeps it"
)


def to_seconds(value: object) -> float | None:
    """Return the seconds that `value` means, None for None. Below 0: for ever.

    A text is a number of seconds, or numbers with their units (Go's durations). Raises InvalidRequestError.
    """
    if value is None:
        return None
    seconds = _number(value) if isinstance(value, int | float) else _text(value)
    return float(max(-LONGEST_S, min(seconds, LONGEST_S)))


def _number(value: float) -> float:
    if isinstance(value, bool) or value != value:  # noqa: PLR0124 - what is no number differs from itself
        raise InvalidRequestError(_BAD)
    return value


def _text(value: object) -> float:
    if not isinstance(value, str) or len(value) > 64:
        raise InvalidRequestError(_BAD)
    if _NUMBER.fullmatch(value):
        return float(value)
    whole = _WHOLE.fullmatch(value)
    if whole is None:
        raise InvalidRequestError(_BAD)
    seconds = sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(whole[2]))
    return -seconds if whole[1] == "-" else seconds
