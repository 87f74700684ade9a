"""Images in the folder that `--media-path` opens to requests."""

from __future__ import annotations

import stat
from pathlib import Path
from urllib.parse import unquote

from corral.core.errors import InvalidRequestError

SCHEME = "file://"


def read_file(folder: str, url: str, name: str, max_bytes: int) -> bytes:
    """Return the file that `url`, relative to `folder`, names; blocks. Raises InvalidRequestError.

    Links that lead out of the folder are outside it. What is not a plain file is not read.
    """
    root = Path(folder).resolve()
    relative = unquote(url.removeprefix(SCHEME))
    if "\0" in relative:
        raise InvalidRequestError(f"Field '{name}': file path is not allowed")
    try:
        path = (root / relative).resolve()
        if not path.is_relative_to(root) or relative.startswith("/"):
            raise InvalidRequestError(f"Field '{name}': file path is not allowed: {relative}")
        if not stat.S_ISREG(path.stat().st_mode):
            raise InvalidRequestError(f"Field '{name}': not a file: {relative}")
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except (OSError, RuntimeError):
        raise InvalidRequestError(
            f"Field '{name}': file does not exist or cannot be opened: {relative}"
        ) from None
