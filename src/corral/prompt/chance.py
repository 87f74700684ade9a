"""Choices that repeat: drawn from what they are for, so that the same question always has the same answer."""

from __future__ import annotations

from hashlib import blake2b

_BITS = 53  # of a float's fraction


def number_below(n: int, *purpose: int | str) -> int:
    """Return a number of [0, n), evenly spread over purposes; the same in every process."""
    return _drawn(purpose) % n


def fraction(*purpose: int | str) -> float:
    """Return a number of [0, 1), evenly spread over purposes."""
    return (_drawn(purpose) >> (64 - _BITS)) / (1 << _BITS)


def _drawn(purpose: tuple[int | str, ...]) -> int:
    digest = blake2b(repr(purpose).encode(errors="backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
