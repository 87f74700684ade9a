"""What others left where the disk tier keeps its files, and nobody takes up again.

Half-written files of processes that are gone, and the folders of models, builds and kinds of memory that
nobody has used for weeks.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
import time
from pathlib import Path

from corral.core import log
from corral.engine import slot_file

ABANDONED_S = 600.0  # where files cannot be locked: whoever left one half written for so long is gone
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


def remove_half_written(folder: Path) -> None:
    """Remove what processes that are gone had begun to write."""
    for path in list(folder.glob(slot_file.beside("*"))):
        if _is_abandoned(path):
            remove(path)


def remove(path: Path) -> None:
    """Remove a file, if it is there and can be removed."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _others(own: Path) -> list[Path]:
    try:
        entries = list(os.scandir(own.parent))
    except OSError:
        return []
    folders = [entry for entry in entries if _FOLDER.fullmatch(entry.name) and entry.name != own.name]
    return [Path(entry.path) for entry in folders if entry.is_dir(follow_symlinks=False)]


def _is_abandoned(path: Path) -> bool:
    """Whether nobody writes the file any more: who does has locked it."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(fd, "rb") as file:
        found = os.fstat(fd)
        is_old = time.time() - found.st_mtime > ABANDONED_S
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # files cannot be locked there
            return is_old
        # An empty one was made just now, and is about to be locked.
        return stat.S_ISREG(found.st_mode) and (is_old or found.st_size > 0)


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
