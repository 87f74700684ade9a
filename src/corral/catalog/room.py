"""Whether a download fits on the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from corral.core.errors import ModelLoadError


def check_room(folder: Path, n_bytes: int, what: str) -> None:
    """Raise ModelLoadError unless `n_bytes` more fit into `folder`, which need not exist yet."""
    if n_bytes <= 0:
        return
    there = next((path for path in (folder, *folder.absolute().parents) if path.is_dir()), folder)
    free_bytes = shutil.disk_usage(there).free
    if n_bytes > free_bytes:
        raise ModelLoadError(
            f"{what} needs {_shown(n_bytes)} of disk space, and {_shown(free_bytes)} are free in {folder}",
            needed_bytes=n_bytes,
            free_bytes=free_bytes,
        )


def _shown(n_bytes: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= size:
            return f"{n_bytes / size:,.1f} {unit}"
    return f"{n_bytes} bytes"
