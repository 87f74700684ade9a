"""Few numbers out of many: percentiles, spreads and ratios. Pure arithmetic, in the units of its input."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """The middle and the ends of some values."""

    median: float
    low: float
    high: float


class Ratio(msgspec.Struct, frozen=True):
    """A for each B: the ratio of the medians, and the spread of the ratios of the rounds.

    The rounds' own ratios cancel what slowed both servers down in the same round.
    """

    of_medians: float
    pairwise: Spread


def median(values: Sequence[float]) -> float | None:
    """Return the median; None of nothing."""
    return statistics.median(values) if values else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Return the smallest value that `percent` % of the values do not exceed; None of nothing.

    The nearest-rank definition: the result is always one of the values.
    """
    if not values:
        return None
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


def spread(values: Sequence[float]) -> Spread | None:
    """Return the spread; None of nothing."""
    if not values:
        return None
    return Spread(statistics.median(values), min(values), max(values))


def ratio(values_a: Sequence[float], values_b: Sequence[float]) -> Ratio | None:
    """Return A for each B of values in the order of their rounds; None where B is empty or holds a zero."""
    ratios = [a / b for a, b in zip(values_a, values_b, strict=True) if b != 0]
    pairwise = spread(ratios)
    if pairwise is None or len(ratios) < len(values_b):
        return None
    return Ratio(statistics.median(values_a) / statistics.median(values_b), pairwise)
