"""What the machine has: cores that compute."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from corral.engine.affinity import usable_cpus

_CPUS = Path("/sys/devices/system/cpu")
BYTES_WORTH_A_THREAD = 32 * 1024**2


def n_physical_cores(cpus: Iterable[int] | None = None) -> int:
    """Return how many cores these CPUs belong to; None: those that this process may use.

    Threads that share a core count once, as they share its units.
    """
    siblings = {_siblings(cpu) for cpu in (usable_cpus() if cpus is None else cpus)}
    return max(len(siblings), 1)


def n_threads_for(model_bytes: int, n_cores: int) -> int:
    """Return how many threads a model of this size is worth: one for each 32 MiB of weights, up to the cores.

    Below that, threads spend more time waiting for each other than computing (docs/decisions/0007).
    """
    return max(1, min(n_cores, model_bytes // BYTES_WORTH_A_THREAD))


def _siblings(cpu: int) -> str:
    """Return a name for the core that `cpu` is a thread of."""
    path = _CPUS / f"cpu{cpu}" / "topology" / "thread_siblings_list"
    try:
        return path.read_text().strip()
    except OSError:
        return str(cpu)
