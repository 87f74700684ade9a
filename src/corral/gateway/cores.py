"""Which cores each busy engine computes on: OpenMP threads spin, so no two engines should share one. Pure.

Cores are numbered; what CPUs a core has is `gateway.topology`'s business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import msgspec

Shares = Mapping[str, tuple[int, ...]]

_NONE: Shares = MappingProxyType({})


class Demand(msgspec.Struct, frozen=True):
    """What a busy engine can use: as many cores as it has threads at most; None: all there are."""

    n_threads: int | None = None


def shares(
    cores: tuple[int, ...], demands: Mapping[str, Demand], present: Shares = _NONE, *, n_reserved: int = 0
) -> dict[str, tuple[int, ...]]:
    """Return the cores of each engine, in order; a lone engine gets all.

    Several get the same number each, except that what one cannot use goes to the others; no two have the same
    core, unless there are more engines than cores: then each has one, and those on a core are as few as
    possible. Engines keep cores that they have at `present` where that changes none of this. `n_reserved`
    cores are left to other programs, as long as each engine has one; a lone one is told a number instead.
    """
    assert cores, "there is always a core"
    names = sorted(demands)
    if len(names) == 1:
        return {names[0]: cores}
    held = {name: [core for core in cores if core in present.get(name, ())] for name in names}
    if len(names) > len(cores):
        return _crowded(cores, held)
    return _disjoint(cores, _counts(len(cores) - n_reserved, demands, held), held)


def _counts(n_cores: int, demands: Mapping[str, Demand], held: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """Return how many cores each gets: one by one, always to who has fewest and can use another.

    This makes the product of all numbers as large as their bounds allow: proportional fairness (Kelly 1997,
    "Charging and rate control for elastic traffic", section 2), here in whole cores.
    """
    counts = dict.fromkeys(held, 1)
    for _ in range(n_cores - len(counts)):
        growing = [name for name in counts if counts[name] < (demands[name].n_threads or n_cores)]
        if not growing:
            break
        counts[min(growing, key=lambda name: (counts[name], -len(held[name])))] += 1
    return counts


def _disjoint(
    cores: Sequence[int], counts: Mapping[str, int], held: Mapping[str, Sequence[int]]
) -> dict[str, tuple[int, ...]]:
    """Return as many cores as `counts` says for each: first of its own, then of what is free."""
    n_holders = Counter(core for own in held.values() for core in own)
    taken: dict[str, list[int]] = {name: [] for name in counts}
    free = set(cores)
    for name in sorted(counts, key=lambda name: (len(held[name]), name)):  # who has most has others to give
        own = sorted(free.intersection(held[name]), key=lambda core: (n_holders[core], core))
        taken[name] = own[: counts[name]]
        free.difference_update(taken[name])
    for name in counts:
        more = [core for core in cores if core in free][: counts[name] - len(taken[name])]
        taken[name] += more
        free.difference_update(more)
    return {name: _in_order(cores, own) for name, own in taken.items()}


def _crowded(cores: Sequence[int], held: Mapping[str, Sequence[int]]) -> dict[str, tuple[int, ...]]:
    """Return one core for each, with as few engines on a core as can be."""
    most, n_full = divmod(len(held), len(cores))  # `n_full` cores bear one more than `most`
    loads = dict.fromkeys(cores, 0)
    found: dict[str, tuple[int, ...]] = {}
    for name in sorted(held, key=lambda name: (not held[name], len(held[name]), name)):
        n_above = sum(load > most for load in loads.values())
        limit = most + (n_above < n_full)
        own = [core for core in held[name] if loads[core] < limit]
        core = min(own or cores, key=lambda core: loads[core])
        loads[core] += 1
        found[name] = (core,)
    return {name: found[name] for name in held}


def _in_order(cores: Sequence[int], own: Collection[int]) -> tuple[int, ...]:
    return tuple(core for core in cores if core in own)
