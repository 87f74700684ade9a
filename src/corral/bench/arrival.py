"""When requests arrive in open loop: whoever is still being answered, the next one comes.

Closed loop hides what overload does to people, because its clients wait for the server before they ask again.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import msgspec

from corral.bench.errors import BenchError


class Arrivals(msgspec.Struct, frozen=True):
    """`rate` requests a second on the average, for `duration_s` seconds.

    `is_poisson`: independent of each other, their gaps exponential; else one every 1/`rate` seconds.
    """

    rate: float
    duration_s: float
    is_poisson: bool = True


def arrival_times(arrivals: Arrivals, seed: str) -> list[float]:
    """Return the seconds after the start at which requests arrive, ascending, repeatable by `seed`.

    One at the least: where chance would have none come in the time, a single one comes somewhere in it.

    Raises:
        BenchError: the time is too short for one on the average.
    """
    if arrivals.rate * arrivals.duration_s < 1:
        raise BenchError(
            f"Less than one request arrives at {arrivals.rate:g} a second within {arrivals.duration_s:g} s: "
            "--rate or --duration must be larger."
        )
    gaps = (
        _exponential_gaps(arrivals.rate, seed) if arrivals.is_poisson else itertools.repeat(1 / arrivals.rate)
    )
    times = itertools.accumulate(gaps)
    found = list(itertools.takewhile(lambda time_s: time_s <= arrivals.duration_s, times))
    return found or [_single(arrivals.duration_s, seed)]


def _single(duration_s: float, seed: str) -> float:
    # Not the numbers of the gaps: those were such that nothing came, and would choose the end of the time.
    return random.Random(f"{seed} single").uniform(0, duration_s)  # noqa: S311 - nothing to hide


def _exponential_gaps(rate: float, seed: str) -> Iterator[float]:
    # Repeatable by design: these numbers hide nothing.
    source = random.Random(seed)  # noqa: S311
    while True:
        yield source.expovariate(rate)
