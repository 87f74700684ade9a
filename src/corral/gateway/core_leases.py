"""Which engine computes on which cores at present, and what to tell engines when others come and go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from corral.core.messages import LeaseCores
from corral.gateway.cores import Demand, shares
from corral.gateway.topology import Cores

KEPT_S = 0.25  # a chat between two requests soon goes on: its cores are not worth moving for less


class _Lease(NamedTuple):
    """The numbers of the cores, and how many threads may compute on them at most, None: one on each."""

    numbers: tuple[int, ...]
    n_threads: int | None = None


class CoreLeases:
    """Owned by one task. Knows no clock: all times are the caller's, in seconds, from any beginning.

    An engine that becomes busy gets its share at once. One that becomes idle keeps its own for `KEPT_S`; only
    then do the others grow. `next_s` says when that will be, None while nothing is due: `update` wants to be
    called then at the latest. An engine that is told nothing keeps the lease it was given last.

    `n_reserved` cores are left to other programs. A lone engine computes with so many threads less, wherever
    the system puts them: it knows better which cores those programs leave.
    """

    def __init__(self, cores: Cores) -> None:
        self._cores = cores
        self._numbers = tuple(range(len(cores)))
        self._present: dict[str, _Lease] = {}
        self._wanted: dict[str, Demand] = {}
        self._idle_since_s: dict[str, float] = {}
        self.next_s: float | None = None
        self.n_reserved = 0

    def update(self, busy: Mapping[str, Demand], now_s: float) -> dict[str, LeaseCores]:
        """Return what to send to which engines now that `busy` have requests; those that shrink come first.

        An engine that becomes busy should get its command before its first request.
        """
        self._note(busy, now_s)
        wanted = self._leases() if self._wanted else {}
        changed = [name for name, own in wanted.items() if own != self._present.get(name, self._whole)]
        changed.sort(key=lambda name: len(wanted[name].numbers) - len(self.cores_of(name)))
        self._present.update(wanted)
        return {
            name: LeaseCores(self._cpus(wanted[name].numbers), wanted[name].n_threads) for name in changed
        }

    def forget(self, name: str) -> None:
        """Note that the engine's process is gone; another of that name begins with all cores."""
        for known in (self._present, self._wanted, self._idle_since_s):
            known.pop(name, None)

    def cores_of(self, name: str) -> tuple[int, ...]:
        """Return the numbers of the cores that an engine was last told to use: all before it is told any."""
        return self._present.get(name, self._whole).numbers

    def has_lone_lease(self, name: str) -> bool:
        """Tell whether the engine was last told what a lone one is, or need not be."""
        return self._present.get(name, self._whole) == self._lone

    @property
    def _whole(self) -> _Lease:
        """What an engine has that was told nothing."""
        return _Lease(self._numbers)

    @property
    def _lone(self) -> _Lease:
        n_threads = max(1, len(self._numbers) - self.n_reserved) if self.n_reserved else None
        return _Lease(self._numbers, n_threads)

    def _leases(self) -> dict[str, _Lease]:
        if len(self._wanted) == 1:
            return dict.fromkeys(self._wanted, self._lone)
        present = {name: lease.numbers for name, lease in self._present.items()}
        found = shares(self._numbers, self._wanted, present, n_reserved=self.n_reserved)
        return {name: _Lease(numbers) for name, numbers in found.items()}

    def _note(self, busy: Mapping[str, Demand], now_s: float) -> None:
        """Note who wants cores: the busy, and those who were until just now."""
        self._wanted.update(busy)
        self._idle_since_s = {
            name: self._idle_since_s.get(name, now_s) for name in self._wanted if name not in busy
        }
        for name, since_s in list(self._idle_since_s.items()):
            if now_s >= since_s + KEPT_S:  # the sum that `next_s` tells
                del self._idle_since_s[name], self._wanted[name]
        self.next_s = min((since_s + KEPT_S for since_s in self._idle_since_s.values()), default=None)

    def _cpus(self, numbers: tuple[int, ...]) -> tuple[int, ...]:
        """Return the CPUs of these cores; none stands for all."""
        if numbers == self._numbers:
            return ()
        return tuple(cpu for number in numbers for cpu in self._cores[number])
