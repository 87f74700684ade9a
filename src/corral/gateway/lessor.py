"""Tells engines on which cores they compute, as they become busy and idle, and other programs do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from corral.core import log
from corral.gateway.core_leases import CoreLeases
from corral.gateway.cores import Demand
from corral.gateway.topology import usable_cores

if TYPE_CHECKING:
    from corral.core.clock import Clock
    from corral.gateway.worker import Worker

_log = log.get("gateway")


class Lessor:
    """Owner of the leases of one machine; for the event loop only.

    Says nothing while one engine is alone on the machine.
    """

    def __init__(self, clock: Clock) -> None:
        self._leases = CoreLeases(usable_cores())
        self._clock = clock
        self._engines: dict[str, Worker] = {}
        self._busy: dict[str, Worker] = {}
        self._next: asyncio.TimerHandle | None = None

    @property
    def is_busy(self) -> bool:
        """Whether any engine has something to do."""
        return bool(self._busy)

    def came(self, worker: Worker) -> None:
        """Note that the engine is ready. Before its first request."""
        self._engines[worker.name] = worker

    def busy(self, worker: Worker, *, is_busy: bool) -> None:
        """Note that `worker`'s engine has something to do again, or nothing. Before its request is sent."""
        if is_busy:
            self._busy[worker.name] = worker
        else:
            self._busy.pop(worker.name, None)
        if len(self._engines) > 1 or not self._leases.has_lone_lease(worker.name):
            self._update()

    def gone(self, worker: Worker) -> None:
        """Note that the engine's process is gone."""
        self._engines.pop(worker.name, None)
        self._busy.pop(worker.name, None)
        self._leases.forget(worker.name)
        self._update()

    def reserve(self, n_cores: int) -> None:
        """Leave so many cores to other programs."""
        if n_cores == self._leases.n_reserved:
            return
        self._leases.n_reserved = n_cores
        _log.debug("cores.reserved", n_cores=n_cores)
        if self._busy:
            self._update()

    def _update(self) -> None:
        demands = {
            name: Demand(worker.facts.n_threads if worker.facts is not None else None)
            for name, worker in self._busy.items()
        }
        for name, lease in self._leases.update(demands, self._clock.now_s()).items():
            worker = self._engines.get(name)
            if worker is not None:
                _log.debug("cores.leased", model=name, cpus=lease.cpus, n_threads=lease.n_threads)
                worker.process.lease(lease)
        self._wake_later()

    def _wake_later(self) -> None:
        if self._next is not None:
            self._next.cancel()
        next_s = self._leases.next_s
        self._next = None
        if next_s is not None:
            delay_s = max(0.0, next_s - self._clock.now_s())
            self._next = asyncio.get_running_loop().call_later(delay_s, self._update)
