"""What main memory this machine has for us: gateway and engines share it, and ask here."""

from __future__ import annotations

import os
from pathlib import Path

# Where the system does not tell.
_FALLBACK_BYTES = 8 * 1024**3
# Where nobody says: the part of main memory that prefixes may take in one place, and the most.
_PREFIX_SHARE, _MOST_PREFIX_BYTES = 1 / 8, 8 * 1024**3

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),  # version 2
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # version 1
)


def main_memory_bytes(limits: tuple[Path, ...] = _CGROUP_LIMITS) -> int | None:
    """Return the machine's memory, or the container's where that is less; None where nobody tells."""
    known = [amount for amount in (_of_machine(), *map(_of_container, limits)) if amount]
    return min(known, default=None)


def available_memory_bytes() -> int:
    """Return the same, or what is assumed where nobody tells."""
    return main_memory_bytes() or _FALLBACK_BYTES


def prefix_share_bytes() -> int:
    """Return what prefixes may take of it, in an engine or while their model is not loaded."""
    return int(min(_MOST_PREFIX_BYTES, _PREFIX_SHARE * available_memory_bytes()))


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
