"""The admin key of a server that was given none: drawn at its start, in a file for commands of the same user.

What runs on this machine as this user may read the file; web pages and other users may not.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

_FOLDER = "admin"
_MAX_BYTES = 1000  # of a file that holds a key


def draw_key() -> str:
    """Return a key that nobody guesses."""
    return secrets.token_urlsafe(32)


def read_key(cache_dir: str, port: int) -> str | None:
    """Return the key of this user's server at `port` of this machine, None if there is none to be read."""
    try:
        with _path(cache_dir, port).open("rb") as file:
            return file.read(_MAX_BYTES).decode("ascii").strip() or None
    except (OSError, ValueError):
        return None


class AdminKeyFile:
    """Holds `key` while entered. Entering raises OSError where the file cannot be written, or not safely."""

    def __init__(self, cache_dir: str, port: int, key: str) -> None:
        self.path = _path(cache_dir, port)
        self._key = key

    def __enter__(self) -> Self:
        _make_private(self.path.parent)
        # Made under another name and with mode 0600, so that no reader meets half of it or an open one.
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".key-")
        try:
            with open(handle, "w", encoding="ascii") as file:  # noqa: PTH123 - a handle is no path
                file.write(self._key)
            Path(name).replace(self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # With --reuse-port another server may have put its own key there since.
        with contextlib.suppress(OSError):
            if self.path.read_text(encoding="ascii") == self._key:
                self.path.unlink()


def _path(cache_dir: str, port: int) -> Path:
    return Path(cache_dir) / _FOLDER / f"{port}.key"


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        raise PermissionError(f"{folder} does not belong to this user")
    folder.chmod(0o700)
