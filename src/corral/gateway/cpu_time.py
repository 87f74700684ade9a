"""Processor time, as Linux counts it in /proc. Other systems tell nothing here."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

PROC = Path("/proc")

_USER, _SYSTEM = 1, 3  # fields of a CPU's line; what is niced stands aside by itself, and is left out
_UTIME, _STIME = 11, 12  # fields of a process behind its name, which may have blanks; proc(5)


def busy_s(cpus: Collection[int], proc: Path = PROC) -> float | None:
    """Return for how many seconds programs have computed on these CPUs, None where that is not told."""
    names = {b"cpu%d" % cpu for cpu in cpus}
    ticks = None
    try:
        with (proc / "stat").open("rb") as file:
            for line in file:
                if not line.startswith(b"cpu"):  # behind them stands much else
                    break
                fields = line.split()
                if fields[0] in names:
                    ticks = (ticks or 0) + int(fields[_USER]) + int(fields[_SYSTEM])
    except (OSError, ValueError, IndexError):
        return None
    return None if ticks is None else ticks / _ticks_per_s()


def process_s(pid: int, proc: Path = PROC) -> float | None:
    """Return for how many seconds a process has computed, None if it is not there."""
    try:
        fields = (proc / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
        return (int(fields[_UTIME]) + int(fields[_STIME])) / _ticks_per_s()
    except (OSError, ValueError, IndexError):
        return None


def _ticks_per_s() -> int:
    return os.sysconf("SC_CLK_TCK")
