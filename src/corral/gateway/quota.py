"""What a caller has used of its quota, and when it may come again. Pure: the time is given.

A limit holds for every stretch of time as long as its period, not for each minute of the clock: what was used
is counted in slots of a sixtieth of the period, and a slot counts until all of it is older than that.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from corral.core.errors import QuotaExceededError

if TYPE_CHECKING:
    from corral.core.caller import Quota

N_SLOTS = 60
MINUTE_S = 60.0
DAY_S = 24 * 3600.0


class Window:
    """At most `limit` within any `period_s`. Holds one number for each slot in use, `N_SLOTS` + 1 at most."""

    def __init__(self, limit: int, period_s: float) -> None:
        self.limit = limit
        self.period_s = period_s
        self._slot_s = period_s / N_SLOTS
        self._slots: dict[int, int] = {}

    def used(self, now_s: float) -> int:
        """Return what counts now. It may be more than the limit: what a request takes is known late."""
        self._forget(now_s)
        return sum(self._slots.values())

    def take(self, n: int, now_s: float) -> int:
        """Count `n` more; return the slot in which they stand."""
        self._forget(now_s)
        slot = int(now_s // self._slot_s)
        self._slots[slot] = self._slots.get(slot, 0) + n
        return slot

    def give_back(self, slot: int, n: int) -> None:
        """Count `n` of those taken in `slot` no longer; that one may be forgotten already."""
        if slot in self._slots:
            self._slots[slot] -= n

    def wait_s(self, now_s: float) -> float:
        """Return the time until something is left if nothing more is taken, 0 if something is now."""
        n_over = self.used(now_s) - self.limit
        return self._until_gone(n_over + 1, now_s) if n_over >= 0 else 0.0

    def reset_s(self, now_s: float) -> float:
        """Return the time until nothing counts any more if nothing more is taken."""
        self._forget(now_s)
        return self._end_s(max(self._slots)) - now_s if self._slots else 0.0

    def _until_gone(self, n: int, now_s: float) -> float:
        """Return the time until `n` of what counts now count no more."""
        slots = sorted(self._slots)
        at = bisect_left(list(accumulate(self._slots[slot] for slot in slots)), n)
        return max(0.0, self._end_s(slots[at]) - now_s)

    def _end_s(self, slot: int) -> float:
        """Return when the slot stops to count."""
        return (slot + N_SLOTS + 1) * self._slot_s

    def _forget(self, now_s: float) -> None:
        first = int(now_s // self._slot_s) - N_SLOTS
        if self._slots and min(self._slots) < first:
            self._slots = {slot: n for slot, n in self._slots.items() if slot >= first}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one kind of limit stands: of `limit` there are `n_left`, and all of them again in `reset_s`."""

    limit: int
    n_left: int
    reset_s: float


class Allowance:
    """The limits of one kind, "requests" or "tokens"."""

    def __init__(self, kind: str, per_minute: int | None, per_day: int | None) -> None:
        self.kind = kind
        given = (("minute", per_minute, MINUTE_S), ("day", per_day, DAY_S))
        self._windows = {
            word: Window(limit, period_s) for word, limit, period_s in given if limit is not None
        }

    def __bool__(self) -> bool:
        return bool(self._windows)

    def check(self, now_s: float) -> None:
        """Raise QuotaExceededError, which names the limit that is free last."""
        waits = {word: window.wait_s(now_s) for word, window in self._windows.items()}
        word = max(waits, key=waits.__getitem__, default="")
        if not word or not waits[word]:
            return
        wait_s = max(1, math.ceil(waits[word]))
        limit = f"{self._windows[word].limit} {self.kind} per {word}"
        raise QuotaExceededError(
            f"The quota of this key is used up: {limit}. It is free again in {in_words(wait_s)}",
            retry_after_s=wait_s,
            limit=limit,
        )

    def take(self, n: int, now_s: float) -> Taken:
        """Count `n` more."""
        return Taken(n, [(window, window.take(n, now_s)) for window in self._windows.values()])

    def standing(self, now_s: float) -> Standing | None:
        """Return how the limit of which least is left stands, None where there is none."""
        found = [
            Standing(window.limit, max(0, window.limit - window.used(now_s)), window.reset_s(now_s))
            for window in self._windows.values()
        ]
        return min(found, key=lambda one: (one.n_left, -one.reset_s), default=None)


@dataclass(frozen=True, slots=True)
class Taken:
    """What was counted at once, and where."""

    n: int
    slots: list[tuple[Window, int]]

    def give_back(self) -> None:
        """Count it no longer."""
        for window, slot in self.slots:
            window.give_back(slot, self.n)


class Usage:
    """What the caller with this quota has used."""

    def __init__(self, quota: Quota) -> None:
        self.requests = Allowance("requests", quota.requests_per_minute, quota.requests_per_day)
        self.tokens = Allowance("tokens", quota.tokens_per_minute, quota.tokens_per_day)

    def check(self, now_s: float) -> None:
        """Raise QuotaExceededError when nothing is left of one of the limits."""
        self.requests.check(now_s)
        self.tokens.check(now_s)


def in_words(seconds: int) -> str:
    """Return a time as people say it: 42 s, 3 min, 5 h 20 min; never shorter than it is."""
    if seconds < 120:
        return f"{seconds} s"
    n_min = math.ceil(seconds / 60)
    return f"{n_min} min" if n_min < 120 else f"{n_min // 60} h {n_min % 60} min"
