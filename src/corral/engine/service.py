"""What callers were served, and whose turn it is therefore. Start-time fair queueing over whole requests.

Source: Goyal, Vin and Cheng 1996, "Start-time Fair Queueing". Each caller has a virtual time, the tokens that
were computed for it by its weight; who has the least goes next. Who comes back begins at the time of those
that were served meanwhile, or at its own if that is later: nobody saves up, and nobody is let off a debt for
being away.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator

from corral.engine.sequence import Sequence

RECENT_S = 60.0  # how long a caller that had something open is expected to send more


class Service:
    """Owned by the scheduler."""

    def __init__(self) -> None:
        self._times: dict[str, float] = {}  # of those that are ahead of `_now`
        self._now = 0.0
        self._seen_s: dict[str, float] = {}

    @property
    def is_contested(self) -> bool:
        """Whether more than one caller has something open, or had lately."""
        return len(self._seen_s) > 1

    def look(self, waiting: Collection[str], running: Collection[str], now_s: float) -> None:
        """Take note of the callers of which something waits or runs. To be told first in every step."""
        self._seen_s.update(dict.fromkeys((*waiting, *running), now_s))
        if self.is_contested:
            self._seen_s = {c: s for c, s in self._seen_s.items() if now_s - s <= RECENT_S}
        if self.is_contested:
            self._catch_up(waiting)
        else:
            self._times.clear()  # with nobody else about, nobody owes

    def light(self, n_open: Counter[str], n_slots: int) -> frozenset[str]:
        """Return the callers of late who have no more than an even part of the slots in all they ask for.

        `n_open`: the sequences of each caller, running or waiting.
        """
        n_even = max(1, n_slots // len(self._seen_s))
        return frozenset(caller for caller in self._seen_s if n_open[caller] <= n_even)

    def charge(self, sequences: Iterable[tuple[Sequence, int]]) -> None:
        """Note that so many tokens were computed for each sequence."""
        if not self.is_contested:
            return
        for sequence, n_tokens in sequences:
            caller = sequence.space.caller
            self._times[caller] = self._time(caller) + n_tokens / sequence.request.weight

    def order(self, waiting: Iterable[Sequence]) -> Iterator[Sequence]:
        """Yield the waiting in the order in which they should go.

        Higher priorities first; between callers who has had least by its weight; of a caller who came first.
        """
        by_priority: dict[int, list[Sequence]] = {}
        for sequence in waiting:
            by_priority.setdefault(sequence.request.priority, []).append(sequence)
        for priority in sorted(by_priority, reverse=True):
            yield from self._in_turn(by_priority[priority])

    def _in_turn(self, sequences: list[Sequence]) -> Iterator[Sequence]:
        """Yield them, each time from the caller that would have had least with those already yielded."""
        lines: dict[str, deque[Sequence]] = {}
        for sequence in sequences:
            lines.setdefault(sequence.space.caller, deque()).append(sequence)
        times = {caller: self._time(caller) for caller in lines}
        while lines:
            caller = min(lines, key=times.__getitem__)
            sequence = lines[caller].popleft()
            times[caller] += len(sequence.prompt) / sequence.request.weight
            if not lines[caller]:
                del lines[caller]
            yield sequence

    def _catch_up(self, waiting: Iterable[str]) -> None:
        """Go on to the least served of those that wait; who is not ahead of it begins there too."""
        self._now = min(map(self._time, waiting), default=self._now)
        self._times = {caller: time for caller, time in self._times.items() if time > self._now}

    def _time(self, caller: str) -> float:
        return self._times.get(caller, self._now)
