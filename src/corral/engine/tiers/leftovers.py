"""What others left where the disk tier keeps its files, and nobody takes up again.

Half-written files of processes that are gone, and the folders of models, builds and kinds of memory that
nobody has used for weeks. And what is too much where models share a budget.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

from corral.core import log
from corral.engine.half_written import remove, remove_half_written

FORGOTTEN_S = 28 * 24 * 3600.0

_FOLDER = re.compile(r"[0-9a-f]{32}")
_FILE = re.compile(r"[0-9a-f]{16}-[0-9a-f]{16}\.kv")

_log = log.get("engine")


def remove_leftovers(own: Path) -> None:
    """Remove them from the folder `own` and from those beside it. What is not named as ours is left alone."""
    remove_half_written(own)
    for folder in _others(own):
        with contextlib.suppress(OSError):  # another process removes it, or it is somebody else's
            remove_half_written(folder)
            if _is_forgotten(folder):
                _remove_ours(folder)


def trim(root: Path, budget_bytes: int) -> None:
    """Remove what was used longest ago of all models, until the rest is within the budget."""
    files = sorted(_prefixes(root))
    n_bytes = sum(size for _, size, _ in files)
    for _, size, path in files:
        if n_bytes <= budget_bytes:
            return
        remove(path)
        n_bytes -= size


def _prefixes(root: Path) -> list[tuple[int, int, Path]]:
    """Return the files of all models: when each was used, its bytes and where it is."""
    found = []
    for path in root.glob("*/*.kv"):
        if _FOLDER.fullmatch(path.parent.name) and _FILE.fullmatch(path.name):
            with contextlib.suppress(OSError):  # another process removed it just now
                seen = path.lstat()
                found.append((seen.st_mtime_ns, seen.st_size, path))
    return found


def _others(own: Path) -> list[Path]:
    try:
        entries = list(os.scandir(own.parent))
    except OSError:
        return []
    folders = [entry for entry in entries if _FOLDER.fullmatch(entry.name) and entry.name != own.name]
    return [Path(entry.path) for entry in folders if entry.is_dir(follow_symlinks=False)]


def _is_forgotten(folder: Path) -> bool:
    times = [entry.stat(follow_symlinks=False).st_mtime for entry in os.scandir(folder)]
    return time.time() - max(times, default=time.time()) > FORGOTTEN_S


def _remove_ours(folder: Path) -> None:
    """Remove the files of a folder, and it too if there was nothing else in it."""
    ours = [entry for entry in os.scandir(folder) if _FILE.fullmatch(entry.name)]
    ours = [entry for entry in ours if entry.is_file(follow_symlinks=False)]
    if not ours:
        return
    n_bytes = sum(entry.stat(follow_symlinks=False).st_size for entry in ours)
    for entry in ours:
        remove(Path(entry.path))
    with contextlib.suppress(OSError):
        folder.rmdir()
    _log.info("tier.folder_forgotten", path=str(folder), n_files=len(ours), n_bytes=n_bytes)
