"""Which files of a folder are characters, and the bytes of one. Nothing outside of the folder is opened."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from corral.core.errors import CorralError

# Of files with the same stem the first of these counts.
SUFFIXES = (".yaml", ".yml", ".json", ".png")
# Cards are pictures of some MB at most; a gigabyte that calls itself a card is none.
MAX_BYTES = 20 * 1024 * 1024
# Control characters, and the stand-ins of bytes that are no UTF-8: no client can be told such a name.
_UNTELLABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")

Signature = tuple[int, int, int]


class Listing(msgspec.Struct, frozen=True):
    """`paths` by name, the file's stem, in order; `ignored` says by file what is not taken, and why."""

    paths: Mapping[str, Path]
    ignored: Mapping[str, str] = {}


def listed(folder: Path) -> Listing:
    """Return what lies in `folder` now; below it nothing is looked at. Blocks."""
    ignored: dict[str, str] = {}
    try:
        candidates = sorted(_candidates(folder, ignored), key=_rank)
    except OSError as error:
        return Listing({}, {str(folder): f"the folder of characters cannot be read ({error.strerror})"})
    found: dict[str, Path] = {}
    for path in candidates:
        first = found.setdefault(path.stem, path)
        if first is not path:
            ignored[path.name] = f"{first.name} has the same name, and counts"
    return Listing(dict(sorted(found.items())), ignored)


def signature_of(path: Path) -> Signature:
    """Return what differs when a file was written again. Raises OSError."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def content_of(path: Path) -> bytes:
    """Return the bytes of the file. Raises OSError, and CorralError for a file that is too large."""
    with path.open("rb") as file:
        n_bytes = os.fstat(file.fileno()).st_size
        content = b"" if n_bytes > MAX_BYTES else file.read(MAX_BYTES + 1)
    if max(n_bytes, len(content)) > MAX_BYTES:
        raise CorralError(f"the file has more than {MAX_BYTES} bytes, which no character needs")
    return content


def _candidates(folder: Path, ignored: dict[str, str]) -> Iterator[Path]:
    """Yield the files that may be characters. Raises OSError if the folder cannot be listed."""
    root = folder.resolve()
    with os.scandir(folder) as entries:
        for entry in entries:
            if not _is_named_so(entry.name):
                continue
            path = folder / entry.name
            if entry.is_symlink() and not _is_inside(root, path):
                ignored[entry.name] = "it is a link that leads out of the folder"
            elif _is_file(entry):
                yield path


def _rank(path: Path) -> tuple[int, str]:
    return SUFFIXES.index(path.suffix.lower()), path.name


def _is_named_so(name: str) -> bool:
    is_shown = not name.startswith(".") and _UNTELLABLE.search(name) is None
    return is_shown and Path(name).suffix.lower() in SUFFIXES


def _is_inside(root: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # links in a circle
        return False


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Tell it from folders, and from pipes, which would be waited for."""
    try:
        return stat.S_ISREG(entry.stat().st_mode)
    except OSError:  # a link to nothing, or gone again
        return False
