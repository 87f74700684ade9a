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

from corral.core.errors import InvalidRequestError, QuotaExceededError

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        if n:
            self._slots[slot] = self._slots.get(slot, 0) + n
        return slot

    def give_back(self, slot: int, n: int) -> None:
        """Count `n` of those taken in `slot` no longer; that one may be forgotten already."""
        n_left = self._slots.pop(slot, 0) - n
        if n_left > 0:  # an empty slot is none: nobody need wait for its end
            self._slots[slot] = n_left

    def wait_s(self, now_s: float, n: int = 1) -> float:
        """Return the time until `n` are left if nothing more is taken, 0 if they are now.

        `n` is at most the limit.
        """
        n_over = self.used(now_s) + n - self.limit
        return self._until_gone(n_over, now_s) if n_over > 0 else 0.0

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

    def limits(self) -> Iterator[tuple[str, Window]]:
        """Yield each limit, as people say it."""
        for word, window in self._windows.items():
            yield f"{window.limit} {self.kind} per {word}", window

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

    def check(self, now_s: float, n_requests: int = 1) -> None:
        """Raise QuotaExceededError, which names the limit that is free last, without room for `n_requests`.

        Of tokens something must be left: how many they take is known late. Raises InvalidRequestError for
        more requests at once than there is ever room for.
        """
        wanted = [(limit, window, n_requests) for limit, window in self.requests.limits()]
        for limit, window, n in wanted:
            if n > window.limit:
                raise _never_room(limit, n)
        wanted += [(limit, window, 1) for limit, window in self.tokens.limits()]
        waits = {limit: window.wait_s(now_s, n) for limit, window, n in wanted}
        last = max(waits, key=waits.__getitem__, default="")
        if last and waits[last]:
            raise _no_room(last, n_requests, waits[last])


def _no_room(limit: str, n_requests: int, wait_s: float) -> QuotaExceededError:
    seconds = max(1, math.ceil(wait_s))
    why = "is used up" if n_requests == 1 else f"has no room for {n_requests} requests at once"
    message = f"The quota of this key {why}: {limit}. It is free again in {in_words(seconds)}"
    return QuotaExceededError(message, retry_after_s=seconds, limit=limit)


def _never_room(limit: str, n_requests: int) -> InvalidRequestError:
    return InvalidRequestError(
        f"{n_requests} prompts in one body are {n_requests} requests, for which the quota of this key never "
        f"has room: {limit}. Send fewer at once"
    )


def in_words(seconds: int) -> str:
    """Return a time as people say it: 42 s, 3 min, 5 h 20 min; never shorter than it is."""
    if seconds < 120:
        return f"{seconds} s"
    n_min = math.ceil(seconds / 60)
    return f"{n_min} min" if n_min < 120 else f"{n_min // 60} h {n_min % 60} min"
