"""Which models are in memory: what must go for another to come. Pure; the supervisor acts on it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from corral.core.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

# No sentence names a model: who reads it may be one for whom that model does not exist.
_LEAVING = "waits until others have given their memory back"
_PROMISED = "waits until another model has had its turn"
_IN_USE = "waits until another model is idle"
_PINNED = "pinned models may not be unloaded, and there is no room beside them"


class Verdict(enum.Enum):
    """What becomes of a wanted model now."""

    START = "start"  # there is room
    WAIT = "wait"  # there will be, once others have left
    REFUSE = "refuse"  # there will not be


class Resident(msgspec.Struct, frozen=True, kw_only=True):
    """A model that has a process. `is_leaving`: its process is about to end. `used_s`: last needed then.

    `is_due`: it goes, now or when it is idle, for a model that waits already. `is_promised`: it is such a
    model, which has no process yet; its room is kept for it.
    """

    name: str
    need: Memory
    is_busy: bool = False
    is_pinned: bool = False
    is_leaving: bool = False
    is_due: bool = False
    is_promised: bool = False
    used_s: float = 0.0


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What all residents together may take. `max_workers` None: no bound on their number.

    Not `is_hard`: the budget is a guess, and a model that is larger may run alone.
    """

    max_workers: int | None
    budget: Memory
    is_hard: bool = True


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do for a wanted model that needs `need`.

    `evicted`: idle models to unload now, least recently used first. `closed`: busy ones that are in the way;
    to be unloaded when their requests have ended. `reason` is a sentence for WAIT and REFUSE.
    """

    verdict: Verdict
    need: Memory
    evicted: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    reason: str = ""


def place(need: Memory, residents: Sequence[Resident], limits: Limits) -> Decision:
    """Return what to do for a model that is wanted and `need`s so much.

    Idle residents go least recently used first, and only those that are in the way; busy ones where that is
    not enough, once they are idle. Never a pinned one. What is promised to others is not touched.
    """
    room = _Room(limits, need if limits.is_hard else _clipped(need, limits.budget))
    staying = [one for one in residents if not one.is_leaving]
    if room.has([one for one in residents if not one.is_promised]) and room.is_among(staying):
        return Decision(verdict=Verdict.START, need=need)
    pinned = [one for one in staying if one.is_pinned and not one.is_promised]
    if not room.has(pinned):
        return Decision(verdict=Verdict.REFUSE, need=need, reason=_refusal(need, pinned, limits))
    if room.is_among(staying):
        return Decision(verdict=Verdict.WAIT, need=need, reason=_LEAVING)
    return _waiting(need, _victims(room, staying, _candidates(staying)))


def queued(residents: Sequence[Resident], wanted: Resident, decision: Decision) -> list[Resident]:
    """Return what the next model in the queue finds, after that `decision` for `wanted`."""
    going = {*decision.evicted, *decision.closed}
    others = [msgspec.structs.replace(one, is_due=True) if one.name in going else one for one in residents]
    match decision.verdict:
        case Verdict.START:
            return [*others, wanted]
        case Verdict.WAIT:
            return [*others, msgspec.structs.replace(wanted, is_promised=True)]
        case Verdict.REFUSE:
            return others


def _waiting(need: Memory, victims: list[Resident]) -> Decision:
    if any(one.is_promised for one in victims):
        return Decision(verdict=Verdict.WAIT, need=need, reason=_PROMISED)
    in_use = tuple(one.name for one in victims if one.is_busy)
    if in_use:
        return Decision(verdict=Verdict.WAIT, need=need, closed=in_use, reason=_IN_USE)
    evicted = tuple(one.name for one in victims)
    return Decision(verdict=Verdict.WAIT, need=need, evicted=evicted, reason=_LEAVING)


class _Room(NamedTuple):
    """The question whether a model finds its place beside others."""

    limits: Limits
    wanted: Memory

    def has(self, others: Sequence[Resident]) -> bool:
        """Tell whether it may start while all of `others` have their processes."""
        if self.limits.max_workers is not None and len(others) >= self.limits.max_workers:
            return False
        return sum((one.need for one in others), self.wanted).fits(self.limits.budget)

    def is_among(self, others: Sequence[Resident]) -> bool:
        """Tell the same of those there are now, and of those there will be once promises are kept."""
        now = [one for one in others if not one.is_promised]
        later = [one for one in others if not one.is_due]
        return self.has(now) and self.has(later)


def _candidates(staying: list[Resident]) -> list[Resident]:
    """Return who may go, in the order in which they are asked to."""
    free = [one for one in staying if one.is_promised or not one.is_pinned]
    return sorted(free, key=lambda one: (one.is_promised, one.is_busy, not one.is_due, one.used_s, one.name))


def _victims(room: _Room, staying: list[Resident], candidates: list[Resident]) -> list[Resident]:
    """Return the first of `candidates` without which there is room, less those that need not go."""
    going: list[Resident] = []
    for candidate in candidates:
        going.append(candidate)
        if room.is_among(_without(staying, going)):
            break
    for spared in reversed(going[:-1]):
        fewer = [one for one in going if one is not spared]
        if room.is_among(_without(staying, fewer)):
            going = fewer
    return going


def _without(residents: list[Resident], going: list[Resident]) -> list[Resident]:
    names = {one.name for one in going}
    return [one for one in residents if one.name not in names]


def _clipped(need: Memory, budget: Memory) -> Memory:
    """A model too large for a budget that nobody set is run alone: the estimate may be wrong."""
    return Memory(min(need.host_bytes, budget.host_bytes), min(need.device_bytes, budget.device_bytes))


def _refusal(need: Memory, pinned: list[Resident], limits: Limits) -> str:
    if not need.fits(limits.budget) and limits.is_hard:
        return f"it needs {_shown(need)}, and the budget is {_shown(limits.budget)} (see --memory-budget)"
    if not pinned:
        return "no model may be loaded: the number of workers is 0"
    return _PINNED


def _shown(memory: Memory) -> str:
    host = _sized(memory.host_bytes)
    return f"{host} and {_sized(memory.device_bytes)} on devices" if memory.device_bytes else host


def _sized(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"
