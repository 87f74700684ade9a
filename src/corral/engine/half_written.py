"""Slot files that processes had begun to write when they were killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from pathlib import Path

from corral.engine import slot_file

ABANDONED_S = 600.0  # where files cannot be locked: whoever left one half written for so long is gone


def remove_half_written(folder: Path) -> None:
    """Remove what processes that are gone had begun to write."""
    for path in list(folder.glob(slot_file.beside("*"))):
        if _is_abandoned(path):
            remove(path)


def remove(path: Path) -> None:
    """Remove a file, if it is there and can be removed."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


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
