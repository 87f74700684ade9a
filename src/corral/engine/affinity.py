"""Which CPUs the threads of this process run on: Linux binds threads, elsewhere the system places them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_TASKS = Path("/proc/self/task")
CAN_BIND = hasattr(os, "sched_setaffinity")


def usable_cpus() -> frozenset[int]:
    """Return the CPUs that the calling thread may run on; where that is not told, all of the machine."""
    if not CAN_BIND:
        return frozenset(range(os.cpu_count() or 1))
    return frozenset(os.sched_getaffinity(0))


def bind_thread(cpus: frozenset[int]) -> None:
    """Let the calling thread run on `cpus` only. Raises `OSError` when the process may use none of them."""
    if CAN_BIND:
        os.sched_setaffinity(0, cpus)


def bind_threads(cpus: frozenset[int]) -> None:
    """Let every thread of this process run on `cpus` only.

    A thread inherits this from the one that starts it, so all that follow are bound too. Raises `OSError`
    when the process may use none of them.
    """
    if not CAN_BIND:
        return
    bound: set[int] = set()
    while fresh := _thread_ids() - bound:  # one not bound yet may have started another meanwhile
        for thread_id in fresh:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.sched_setaffinity(thread_id, cpus)
        bound |= fresh


def _thread_ids() -> set[int]:
    if not _TASKS.is_dir():
        return {0}  # no /proc: the calling thread at least
    return {int(entry.name) for entry in _TASKS.iterdir()}
