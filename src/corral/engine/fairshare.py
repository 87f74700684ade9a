"""Who gets how much of a step's prompt tokens: fair between callers, no short prompt stuck behind a long one.

Pure arithmetic; a step asks it once.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Items
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """A prompt of `caller` that still wants `n_wanted` tokens computed."""

    caller: str
    weight: float
    n_wanted: int


def shares(claims: Items[Claim], budget: int) -> list[int]:
    """Return how many of `budget` tokens each claim gets; claims come in order of arrival.

    Callers share by weight, and what one does not want goes to the others (max-min fairness). Of a caller's
    part, half goes to its oldest prompts and half to those that need the least: a short prompt goes at once,
    and a long one is never starved.
    """
    if sum(claim.n_wanted for claim in claims) <= budget:
        return [claim.n_wanted for claim in claims]
    places: dict[str, list[int]] = {}
    for place, claim in enumerate(claims):
        places.setdefault(claim.caller, []).append(place)
    wanted = {caller: sum(claims[p].n_wanted for p in of) for caller, of in places.items()}
    weights = {claim.caller: claim.weight for claim in claims}
    sizes = [0] * len(claims)
    for caller, part in divided(wanted, weights, budget).items():
        own = places[caller]
        for place, size in zip(own, _within_caller([claims[p].n_wanted for p in own], part), strict=True):
            sizes[place] = size
    return sizes


def divided(wanted: dict[str, int], weights: dict[str, float], budget: int) -> dict[str, int]:
    """Return the part of each caller: by weight, no more than it wants, and all of `budget` if possible."""
    parts = dict.fromkeys(wanted, 0)
    left = {caller: n for caller, n in wanted.items() if n}
    while left and budget:
        total = sum(weights[caller] for caller in left)
        due = {caller: budget * weights[caller] / total for caller in left}
        content = [caller for caller, n in left.items() if n <= due[caller]]
        given = {caller: left[caller] for caller in content} or _whole(due, budget)
        for caller, n in given.items():
            parts[caller] += n
            left.pop(caller)
        budget -= sum(given.values())
    return parts


def _whole(due: dict[str, float], budget: int) -> dict[str, int]:
    """Return `due` in whole tokens that add up to `budget`; what is broken off goes to the first."""
    given = {caller: int(n) for caller, n in due.items()}
    for caller in list(given)[: budget - sum(given.values())]:
        given[caller] += 1
    return given


def _within_caller(n_wanted: Items[int], budget: int) -> list[int]:
    sizes = [0] * len(n_wanted)
    by_age = range(len(n_wanted))
    by_need = sorted(by_age, key=lambda place: n_wanted[place])
    for places, part in ((by_age, budget - budget // 2), (by_need, budget)):
        _fill(sizes, n_wanted, places, part - sum(sizes))
    return sizes


def _fill(sizes: list[int], n_wanted: Items[int], places: Iterable[int], budget: int) -> None:
    """Give `budget` tokens to the places in their order. Modifies `sizes`."""
    for place in places:
        n = min(n_wanted[place] - sizes[place], budget)
        sizes[place] += n
        budget -= n
