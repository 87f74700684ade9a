"""The machine and the libraries of a measurement: a number without them cannot be compared."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec


class Machine(msgspec.Struct, frozen=True):
    """Where the load generator ran. `n_cores` counts what this process may use."""

    system: str
    processor: str
    n_cores: int
    memory_bytes: int | None
    python: str
    libraries: dict[str, str]


def describe_machine(libraries: Sequence[str] = ("msgspec",)) -> Machine:
    """Return this machine and the versions of those `libraries` that are installed."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=_processor(),
        n_cores=_n_cores(),
        memory_bytes=_memory_bytes(),
        python=platform.python_version(),
        libraries={name: version for name in libraries if (version := _version(name)) is not None},
    )


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None


def _n_cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    """Return the processor's name; Linux keeps it in /proc only."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _memory_bytes() -> int | None:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
