"""How much main memory there is for this process: what a percentage of it is a part of."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")  # cgroup v2: "max", or bytes


def main_memory_bytes(cgroup_limit: Path = _CGROUP_LIMIT) -> int | None:
    """Return the machine's memory, or the container's where that is less; None where nobody tells."""
    known = [amount for amount in (_of_machine(), _of_container(cgroup_limit)) if amount]
    return min(known, default=None)


def _of_machine() -> int | None:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _of_container(limit: Path) -> int | None:
    try:
        text = limit.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isascii() and text.isdecimal() else None
