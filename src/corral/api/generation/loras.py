"""Adapters and scales from the wire: `[{"id": 0, "scale": 0.5}]`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from corral.api.generation.numbers import FLOAT32_MAX, float32
from corral.core.errors import InvalidRequestError
from corral.core.messages import LoraFacts

Scales = tuple[tuple[int, float], ...]


def to_loras(value: list[Any] | None, n_loras: int) -> Scales | None:
    """Return the adapters of one request; None, as for nothing and []: it does not say.

    Raises InvalidRequestError.
    """
    return to_scales(value, n_loras) if value else None


def to_scales(entries: Sequence[Any], n_loras: int) -> Scales:
    """Return pairs of adapter id and scale, each id at most once. Raises InvalidRequestError."""
    scales = tuple(_pairs(entries, n_loras))
    if len(dict(scales)) < len(scales):
        raise InvalidRequestError("an adapter id is named twice")
    return scales


def in_force(loras: Sequence[LoraFacts]) -> Scales:
    """Return the scales of all adapters for a request that does not say."""
    return tuple((number, lora.scale) for number, lora in enumerate(loras))


def to_wire(scales: Scales) -> list[dict[str, Any]]:
    """Return adapters and scales as clients write them."""
    return [{"id": number, "scale": float32(scale)} for number, scale in scales]


def _pairs(entries: Sequence[Any], n_loras: int) -> Iterator[tuple[int, float]]:
    for entry in entries:
        if not isinstance(entry, dict):
            raise InvalidRequestError('each adapter must be an object like {"id": 0, "scale": 1.0}')
        number, scale = entry.get("id", -1), entry.get("scale", 0.0)
        if type(number) is not int or not 0 <= number < n_loras:
            raise InvalidRequestError("invalid adapter id")
        # Compared, not converted: a whole number may be too long for a float.
        if type(scale) not in (int, float) or not abs(scale) <= FLOAT32_MAX:
            raise InvalidRequestError("an adapter's scale must be a number")
        yield number, float32(scale)
