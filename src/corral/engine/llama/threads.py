"""How many threads compute for a context, and where: as the settings say, within the leased cores."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import llama_cpp

from corral.core import log
from corral.core.engine_settings import CpuSettings
from corral.engine.affinity import bind_thread, bind_threads, usable_cpus
from corral.engine.llama.cores import n_physical_cores
from corral.engine.llama.openmp import end_threads
from corral.engine.llama.threadpool import Threadpools

_log = log.get("llama")


class Threads:
    """Owner of the thread pools of a context, if it has any. Used by the thread that decodes.

    `n_most` is how many threads compute at most, whatever for.
    """

    def __init__(self, context: Any, cpu: CpuSettings, cpu_batch: CpuSettings) -> None:  # noqa: ANN401 - a pointer
        self._context = context
        self._usable = usable_cpus()
        self._is_asked = cpu.n_threads is not None
        self._is_asked_of_batch = self._is_asked or cpu_batch.n_threads is not None
        self._n = llama_cpp.llama_n_threads(context)
        self._n_batch = llama_cpp.llama_n_threads_batch(context)
        self.n_most = max(self._n, self._n_batch)
        self._pools = Threadpools(context, cpu, cpu_batch)
        self._cpus = frozenset(self._pools.main.cpus) | frozenset(self._pools.batch.cpus)

    def close(self) -> None:
        """Free the pools. Before the context is freed."""
        self._pools.close()

    def free_thread(self) -> None:
        """Let the calling thread, which another of ours has started, run on all CPUs that ours may use."""
        if self._cpus:
            bind_thread(self._cpus)

    def lease(self, cpus: frozenset[int], n_threads: int | None = None) -> None:
        """Compute on `cpus` from the next graph on, when there are none on all again, by `n_threads` at most.

        Where the user has named CPUs it is those among `cpus`, or, if none is, all that were named.
        """
        usable = self._usable & cpus or self._usable
        main = _within(usable, self._pools.main.cpus)
        batch = _within(usable, self._pools.batch.cpus)
        self._cpus = frozenset(main) | frozenset(batch)
        end_threads()
        n, n_batch = self._n, self._n_batch
        if cpus:
            n = min(n, _n_worth(main or usable, is_asked=self._is_asked))
            n_batch = min(n_batch, _n_worth(batch or usable, is_asked=self._is_asked_of_batch))
        if n_threads is not None:
            n, n_batch = min(n, n_threads), min(n_batch, n_threads)
        llama_cpp.llama_set_n_threads(self._context, n, n_batch)
        bind_threads(self._cpus or usable)
        self._pools.make(main, batch)
        _log.debug("llama.cores_leased", cpus=sorted(usable), n_threads=n, n_threads_batch=n_batch)


def _within(usable: frozenset[int], named: tuple[int, ...]) -> tuple[int, ...]:
    """Return those of the CPUs named that are leased; all, if none of them is."""
    return tuple(cpu for cpu in named if cpu in usable) or named


def _n_worth(cpus: Collection[int], *, is_asked: bool) -> int:
    """Return how many threads these CPUs bear: one each if a number was asked for, else one for a core."""
    return len(cpus) if is_asked else n_physical_cores(cpus)
