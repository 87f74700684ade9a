"""Which adapters act on a sequence. All rows of one batch share one set, so sets take turns. Pure."""

from __future__ import annotations

from collections.abc import Iterable

Loras = tuple[tuple[int, float], ...]
"""Adapter ids with their scales, by id; those that are off are left out. Empty: the bare model."""


def in_force(scales: Iterable[tuple[int, float]]) -> Loras:
    """Return the set that `scales` mean: a scale of 0 is the same as no adapter."""
    return tuple(sorted((adapter, scale) for adapter, scale in scales if scale))


def next_turn(sets: Iterable[Loras], last: Loras) -> Loras:
    """Return the set whose step comes after one of `last`: each of n sets has every n-th step.

    `sets` holds at least one; repeats count once.
    """
    ordered = sorted(set(sets))
    return next((candidate for candidate in ordered if candidate > last), ordered[0])
