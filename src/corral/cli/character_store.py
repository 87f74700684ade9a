"""Files that commands write for characters: whole or not at all, and over nothing that was there."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from corral.catalog.character_files import MAX_BYTES, SUFFIXES
from corral.cli.outcome import CommandError

_MAX_NAME_BYTES = 200  # a file's name has 255, and what the partial file is called has to fit
# What a file of this name, or `model@character`, could not be asked for by.
_BAD_NAME = re.compile('[\x00-\x1f\x7f/\\\\:*?"<>|@\ud800-\udfff]')


def checked_name(name: str) -> str:
    """Return `name`. Raises CommandError for what no character's file can be called."""
    found = _BAD_NAME.search(name)
    if found is not None:
        raise CommandError(f"A character cannot be called {name!a}: {found[0]!a} may not stand in the name.")
    if len(name.encode()) > _MAX_NAME_BYTES:
        raise CommandError(f"A character cannot be called {name[:20]!a}...: the name is too long.")
    if not name.strip() or name != name.strip() or name.startswith("."):
        raise CommandError(f"A character cannot be called {name!a}: it needs a name that begins with no dot.")
    return name


def put_in(folder: Path, file: str, content: bytes, *, is_forced: bool) -> Path:
    """Write a character into `folder`, which is made if there is none; return its path.

    Raises CommandError if the character is there already and nobody forced it, also as a file of another
    kind, which would be read in its place.
    """
    path = folder / file
    for suffix in SUFFIXES:
        other = path.with_name(path.stem + suffix)
        if other != path and other.exists():
            raise CommandError(f"{other} is there already; remove it, or choose another name.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder} cannot be made: {error.strerror}.") from error
    write(path, content, is_forced=is_forced)
    return path


def write(path: Path, content: bytes, *, is_forced: bool) -> None:
    """Write the file. Raises CommandError if it is there already and nobody forced it."""
    if not is_forced and os.path.lexists(path):
        raise CommandError(f"{path} is there already; --force writes over it.")
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


def read(path: Path) -> bytes:
    """Return the bytes of a file that the user named. Raises CommandError."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise CommandError(f"{path} cannot be read: {reason}.") from error
    if len(content) > MAX_BYTES:
        raise CommandError(f"{path} has more than {MAX_BYTES} bytes, which no character needs.")
    return content
