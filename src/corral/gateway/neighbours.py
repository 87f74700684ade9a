"""How many cores other programs keep busy, for engines to leave them.

OpenMP threads wait for each other many hundreds of times in a step, so one that has to share its core holds
up all: beside a busy program on two cores, two threads may decode half as fast as one (docs/decisions/0033).
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from corral.gateway.cpu_time import PROC, busy_s, process_s
from corral.gateway.topology import Cores

# Who must share gets less than it wants, and more as soon as a core is left to it: between the two all stays.
TAKEN_FROM = 0.55
FREE_BELOW = 0.35
ALPHA = 0.5  # weight of the newest look: it takes two in a row


class Neighbours:
    """Tells from processor time what is not ours. `look` is to be called about twice a second.

    Cores are left to programs that compute while we do: who takes turns with us is in nobody's way. They are
    taken back when the program has gone, whatever we do. Where the system does not tell, nobody is there.
    """

    def __init__(self, cores: Cores, proc: Path = PROC) -> None:
        self._cpus = frozenset(cpu for core in cores for cpu in core)
        self._n_most = len(cores) - 1
        self._n_spare = len(self._cpus) - len(cores)  # second threads of cores bear others at first
        self._proc = proc
        self._at_s = 0.0
        self._busy_s: float | None = None
        self._own_s: dict[int, float] = {}
        self._n_beside_us = 0.0
        self._was_busy = False
        self._n_cores = 0

    def look(self, own: Collection[int], now_s: float, *, is_busy: bool) -> int:
        """Return how many cores to leave to others, not all.

        `own`: the processes that are ours; `is_busy`: an engine has something to do.
        """
        n_others = self._since_last(own, now_s)
        is_beside_us, self._was_busy = is_busy and self._was_busy, is_busy
        if n_others is None:
            return self._n_cores
        if is_beside_us or n_others < self._n_beside_us:
            self._n_beside_us += ALPHA * (n_others - self._n_beside_us)
        while self._n_cores < self._n_most and self._n_beside_us >= self._n_cores + TAKEN_FROM:
            self._n_cores += 1
        while self._n_cores and n_others < self._n_cores - 1 + FREE_BELOW:
            self._n_cores -= 1
            self._n_beside_us = n_others
        return self._n_cores

    def _since_last(self, own: Collection[int], now_s: float) -> float | None:
        """Return how many CPUs others have used, None where that is not known this time."""
        busy = busy_s(self._cpus, self._proc)
        times = {pid: process_s(pid, self._proc) for pid in own}
        own_s = {pid: time_s for pid, time_s in times.items() if time_s is not None}
        before_s, own_before_s, elapsed_s = self._busy_s, self._own_s, now_s - self._at_s
        self._busy_s, self._own_s, self._at_s = busy, own_s, now_s
        has_lost_one = not own_before_s.keys() <= own_s.keys()  # and nobody tells what it took in the end
        if busy is None or before_s is None or has_lost_one or elapsed_s <= 0:
            return None
        ours_s = sum(time_s - own_before_s.get(pid, 0.0) for pid, time_s in own_s.items())
        return max(0.0, (busy - before_s - ours_s) / elapsed_s - self._n_spare)
