"""What main memory this machine has for us: gateway and engines share it, and ask here."""

from __future__ import annotations

import os
from pathlib import Path

# Where the system does not tell.
FALLBACK_BYTES = 8 * 1024**3

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),  # version 2
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # version 1
)


def main_memory_bytes(limits: tuple[Path, ...] = _CGROUP_LIMITS) -> int | None:
    """Return the machine's memory, or the container's where that is less; None where nobody tells."""
    known = [amount for amount in (_of_machine(), *map(_of_container, limits)) if amount]
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
    return int(text) if text.isdecimal() else None  # "max": none
