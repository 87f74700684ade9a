"""Where conversations stay while their model is not loaded: a folder in main memory, gone with the server.

An engine that is unloaded leaves there what it holds of prefixes, and the next one of the model finds it
(`engine.tiers`). The gateway makes the folder and removes it; the files are the engines' business.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from corral.core import log
from corral.core.main_memory import prefix_share_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from corral.core.engine_settings import EngineSettings

# Where Linux has a file system in main memory; other systems have none for everybody.
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there is for this user alone
PREFIX = "corral-parked-"

FREE_SHARE = 1 / 2  # of what is free there, at most

_log = log.get("gateway")


class Parking:
    """Owner of the folder, from when it is entered; where none can be made, engines are told of none.

    `budget_bytes` bounds what all models together have there: None for a part of main memory, 0 for nothing.
    """

    def __init__(self, budget_bytes: int | None, root: Path = SHARED_MEMORY) -> None:
        self._budget_bytes = prefix_share_bytes() if budget_bytes is None else budget_bytes
        self._root = root
        self._lock: int | None = None
        self.folder: Path | None = None

    def __enter__(self) -> Self:
        if not self._budget_bytes:
            return self
        try:
            _remove_abandoned(self._root)
            self.folder, self._lock = _made(self._root)
            free_bytes = shutil.disk_usage(self.folder).free
            self._budget_bytes = min(self._budget_bytes, int(free_bytes * FREE_SHARE))
        except OSError as error:
            _log.debug("parking.none", path=str(self._root), reason=error.strerror)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder: engines that end from now on leave nothing. Once is enough."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def told(self, engine: EngineSettings) -> EngineSettings:
        """Return the settings of an engine that finds the folder, unless it has a disk for its prefixes."""
        tiers = engine.tiers
        if self.folder is None or tiers.disk_bytes or tiers.host_bytes == 0:
            return engine
        tiers = msgspec.structs.replace(
            tiers, disk_bytes=self._budget_bytes, disk_dir=str(self.folder), is_parking=True
        )
        return msgspec.structs.replace(engine, tiers=tiers)


def _made(root: Path) -> tuple[Path, int]:
    """Return a folder of our own and what holds its lock: it shows that the server lives."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=root))
        with contextlib.suppress(FileNotFoundError):  # another server took it for an abandoned one
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)


def _remove_abandoned(root: Path) -> None:
    """Remove what servers left that were killed."""
    for folder in _ours(root):
        with contextlib.suppress(OSError):  # its server lives, or another removes it
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _ours(root: Path) -> Iterator[Path]:
    """Yield the folders there that a server of this user has made."""
    for folder in root.glob(f"{PREFIX}*"):
        with contextlib.suppress(FileNotFoundError):  # its server has ended just now
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid():
                yield folder
