"""ggml thread pools: which CPUs compute, with what priority, and how threads wait.

Without any such setting no pool is made: llama.cpp then uses threads of its own (docs/decisions/0011).
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

import llama_cpp
import msgspec

from corral.core import log
from corral.core.engine_settings import CpuSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama.symbols import function

MAX_THREADS = 512  # GGML_MAX_N_THREADS, ggml.h
_POLL = 50  # ggml_threadpool_params_default
_NICE = {-1: 5, 1: -5, 2: -10, 3: -20}  # as llama-server has them
_FIFO = {1: 40, 2: 80, 3: 90}  # ggml_thread_apply_priority, ggml-cpu.c

_log = log.get("llama")


class PoolParams(ctypes.Structure):
    """`ggml_threadpool_params`, ggml.h."""

    _fields_ = (
        ("cpumask", ctypes.c_bool * MAX_THREADS),
        ("n_threads", ctypes.c_int),
        ("prio", ctypes.c_int),
        ("poll", ctypes.c_uint32),
        ("strict_cpu", ctypes.c_bool),
        ("paused", ctypes.c_bool),
    )


_POINTER = ctypes.c_void_p
_new = function("ggml_threadpool_new", _POINTER, ctypes.POINTER(PoolParams))
_free = function("ggml_threadpool_free", None, _POINTER)
_attach = function("llama_attach_threadpool", None, _POINTER, _POINTER, _POINTER)
_detach = function("llama_detach_threadpool", None, _POINTER)


class Threadpools:
    """Owner of the pools of a context: none, one, or a second for prompts.

    `main` and `batch` are the settings, completed, with those CPUs only that this process may use.
    """

    def __init__(self, context: Any, cpu: CpuSettings, cpu_batch: CpuSettings) -> None:  # noqa: ANN401 - a pointer
        self._context = context
        self._pools: list[int] = []
        self._is_wanted = is_special(cpu) or is_special(cpu_batch)
        self.main = _usable(cpu, "--cpu-mask")
        self.batch = _usable(inherited(self.main, cpu_batch), "--cpu-mask-batch")
        self.batch = msgspec.structs.replace(self.batch, priority=_permitted(self.batch.priority))
        _renice(self.main.priority)
        self.main = msgspec.structs.replace(self.main, priority=_permitted(self.main.priority))
        self.make(self.main.cpus, self.batch.cpus)

    def make(self, cpus: tuple[int, ...], cpus_batch: tuple[int, ...]) -> None:
        """Make the pools, in place of those that are there, for as many threads as the context has now.

        They are bound to these CPUs, if any; so is the calling thread, which is the one that decodes.
        """
        if not self._is_wanted:
            return
        self.close()
        main = msgspec.structs.replace(self.main, cpus=cpus)
        batch = msgspec.structs.replace(self.batch, cpus=cpus_batch)
        self._make(
            pool_params(main, llama_cpp.llama_n_threads(self._context)),
            pool_params(batch, llama_cpp.llama_n_threads_batch(self._context)),
        )
        _place_this_thread(main)

    def close(self) -> None:
        """Detach and free. Before the context is freed."""
        if self._pools:
            _detach(self._context)
        for pool in self._pools:
            _free(pool)
        self._pools = []

    def _make(self, main: PoolParams, batch: PoolParams) -> None:
        if bytes(main) == bytes(batch):
            self._pools = [_new(ctypes.byref(main))]
            _attach(self._context, self._pools[0], None)
            return
        main.paused = True  # the two take turns; llama.cpp wakes the one that it needs
        self._pools = [_new(ctypes.byref(batch)), _new(ctypes.byref(main))]
        _attach(self._context, self._pools[1], self._pools[0])


def is_special(cpu: CpuSettings) -> bool:
    """Whether something is asked for besides a number of threads."""
    return bool(cpu.cpus) or (cpu.is_strict, cpu.priority, cpu.poll) != (None, None, None)


def inherited(main: CpuSettings, batch: CpuSettings) -> CpuSettings:
    """Return the settings for prompts: each that is not given is as for generation."""
    return CpuSettings(
        n_threads=batch.n_threads,
        cpus=batch.cpus or main.cpus,
        is_strict=main.is_strict if batch.is_strict is None else batch.is_strict,
        priority=main.priority if batch.priority is None else batch.priority,
        poll=main.poll if batch.poll is None else batch.poll,
    )


def pool_params(cpu: CpuSettings, n_threads: int) -> PoolParams:
    """Return the parameters of a pool of as many threads as the context uses."""
    params = PoolParams(n_threads=n_threads, prio=cpu.priority or 0, strict_cpu=bool(cpu.is_strict))
    params.poll = _POLL if cpu.poll is None else cpu.poll
    for number in cpu.cpus:
        params.cpumask[number] = True
    return params


def _usable(cpu: CpuSettings, flag: str) -> CpuSettings:
    """Return the settings with those CPUs only that this process may use."""
    if not cpu.cpus:
        return cpu
    if not hasattr(os, "sched_setaffinity"):
        _log.warning("llama.no_affinity", text=f"{flag} has no effect on this system")
        return msgspec.structs.replace(cpu, cpus=())
    allowed = os.sched_getaffinity(0)
    usable = tuple(sorted(allowed.intersection(cpu.cpus)))
    if not usable:
        raise ModelLoadError(f"{flag}: this process may use none of these CPUs; it may use {sorted(allowed)}")
    if cpu.n_threads and len(usable) < cpu.n_threads:
        _log.warning("llama.few_cpus", text=f"{flag}: {len(usable)} CPUs for {cpu.n_threads} threads")
    return msgspec.structs.replace(cpu, cpus=usable)


def _renice(priority: int | None) -> None:
    """Set the priority of the process. A refusal is no fault: the model runs as well, only later."""
    if not priority:
        return
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE[priority])
    except OSError as error:
        _log.warning("llama.no_priority", text=f"--prio: failed to set process priority {priority}: {error}")


def _permitted(priority: int | None) -> int | None:
    """Return the priority if threads may have it, else normal: ggml would complain at every step."""
    if priority not in _FIFO or not hasattr(os, "sched_setscheduler"):
        return priority
    policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_FIFO[priority]))
    except OSError as error:
        _log.warning("llama.no_priority", text=f"--prio: threads cannot have priority {priority}: {error}")
        return 0
    os.sched_setscheduler(0, policy, param)
    return priority


def _place_this_thread(cpu: CpuSettings) -> None:
    """Treat the thread that decodes as the others: ggml with OpenMP does it only where there are others."""
    if cpu.cpus:
        os.sched_setaffinity(0, cpu.cpus)
    if cpu.priority in _FIFO and hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_FIFO[cpu.priority]))
