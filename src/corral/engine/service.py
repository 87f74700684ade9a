"""What callers were served, and whose turn it is therefore. Start-time fair queueing over whole requests.

Source: Goyal, Vin and Cheng 1996, "Start-time Fair Queueing". Each caller has a virtual time, the tokens that
were computed for it by its weight; who has the least goes next. Who comes back begins at the time of those
that were served meanwhile: nobody saves up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from corral.engine.sequence import Sequence

RECENT_S = 60.0  # how long a caller that sent something is expected to send more


class Service:
    """Owned by the scheduler."""

    def __init__(self) -> None:
        self._times: dict[str, float] = {}
        self._now = 0.0
        self._seen_s: dict[str, float] = {}

    def seen(self, caller: str, now_s: float) -> None:
        """Note that a caller sent a request."""
        self._seen_s[caller] = now_s
        if len(self._seen_s) > 1:
            self._seen_s = {c: s for c, s in self._seen_s.items() if now_s - s <= RECENT_S}

    @property
    def is_contested(self) -> bool:
        """Whether more than one caller sent something lately."""
        return len(self._seen_s) > 1

    def charge(self, sequences: Iterable[tuple[Sequence, int]]) -> None:
        """Note that so many tokens were computed for each sequence."""
        if not self.is_contested:
            return
        for sequence, n_tokens in sequences:
            caller = sequence.space.caller
            self._times[caller] = self._time(caller) + n_tokens / sequence.request.weight

    def catch_up(self, present: set[str]) -> None:
        """Forget who is gone; who is new begins where the least served of the others stands.

        `present`: the callers of which something waits or runs. To be told in every step that is contested.
        """
        known = {caller: time for caller, time in self._times.items() if caller in present}
        self._now = max(self._now, min(known.values(), default=self._now))
        self._times = {caller: known.get(caller, self._now) for caller in present}

    def order(self, waiting: Iterable[Sequence]) -> Iterator[Sequence]:
        """Yield the waiting, all of callers that are present, in the order in which they should go.

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
        times = {caller: self._times[caller] for caller in lines}
        while lines:
            caller = min(lines, key=times.__getitem__)
            sequence = lines[caller].popleft()
            times[caller] += len(sequence.prompt) / sequence.request.weight
            if not lines[caller]:
                del lines[caller]
            yield sequence

    def _time(self, caller: str) -> float:
        return self._times.get(caller, self._now)
