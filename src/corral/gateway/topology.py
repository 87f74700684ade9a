"""The cores of this machine, as far as this process may use them. Reads what Linux tells in sysfs."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM_CPUS = Path("/sys/devices/system/cpu")

Cores = tuple[tuple[int, ...], ...]
"""For each physical core the CPUs that are its threads, of those that may be used; in order."""


def usable_cores(cpus: frozenset[int] | None = None, folder: Path = SYSTEM_CPUS) -> Cores:
    """Return the cores that `cpus` belong to, at least one; None: those that this process may use.

    A CPU of which nothing is told counts as a core.
    """
    by_core: dict[str, list[int]] = {}
    for cpu in sorted(_usable_cpus() if cpus is None else cpus):
        by_core.setdefault(_core_name(folder, cpu), []).append(cpu)
    return tuple(tuple(siblings) for siblings in by_core.values())


def _usable_cpus() -> frozenset[int]:
    if not hasattr(os, "sched_getaffinity"):
        return frozenset(range(os.cpu_count() or 1))
    return frozenset(os.sched_getaffinity(0))


def _core_name(folder: Path, cpu: int) -> str:
    try:
        return (folder / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text().strip()
    except OSError:
        return f"cpu{cpu}"
