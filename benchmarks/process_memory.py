"""What a running process holds, from /proc (Linux)."""

from __future__ import annotations

import os
from pathlib import Path


def rss_bytes(pid: int) -> int:
    """Return its resident memory; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def own_bytes(pid: int) -> int:
    """Return the part of it that nobody else has too: what its end gives back at once; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private_"))


def n_files(pid: int) -> int:
    """Return how many file descriptors it has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def exists(pid: int) -> bool:
    """Tell whether there is a process of that number, one that nobody has waited for included."""
    return Path(f"/proc/{pid}").exists()
