"""Numbers between the wire and us: whole numbers, ranges, and the float32 that llama.cpp computes with."""

from __future__ import annotations

import struct

from corral.core.errors import InvalidRequestError

INT32_MAX = 2**31 - 1
FLOAT32_MAX = (2 - 2**-23) * 2.0**127

_FLOAT = struct.Struct("<f")


def whole(name: str, value: float) -> int:
    """Return `value` as an int. Raises InvalidRequestError if it has a fraction."""
    if isinstance(value, float) and not value.is_integer():
        raise InvalidRequestError(f"Field '{name}': expected an integer, got {value}")
    return int(value)


def clamped(name: str, value: float, low: int, high: int = INT32_MAX) -> int:
    """Return `value` as an int moved into [low, high]."""
    return min(max(whole(name, value), low), high)


def float32(value: float) -> float:
    """Return the float32 nearest to `value`: 0.8 becomes 0.800000011920929."""
    bounded = min(max(value, -FLOAT32_MAX), FLOAT32_MAX)
    nearest: float = _FLOAT.unpack(_FLOAT.pack(bounded))[0]
    return nearest


def ratio(part: float, whole_: float) -> float:
    """Return part / whole, 0.0 where llama.cpp would divide by zero."""
    return part / whole_ if whole_ else 0.0
