"""The files of models on disk: which they are, how clients of `/models` name them, which may be removed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from corral.catalog.bundled import bundled_model
from corral.catalog.entry import ModelEntry
from corral.catalog.locating import is_download
from corral.catalog.parts import all_parts
from corral.catalog.receipt import receipt_path
from corral.core.errors import ModelLoadError


class ListedFile(msgspec.Struct, frozen=True):
    """A weight file as `GET /models` tells it: its name, its folder; and the model that it belongs to."""

    model_file: str
    folder: str
    model: str


def inside(folder: Path, path: Path) -> bool:
    """Return whether `path` is a file or folder in `folder`, wherever links on the way lead.

    A link that lies in it is inside, whatever it leads to: to remove it removes the link.
    """
    try:
        root = folder.resolve()
        place = path.parent.resolve() / path.name if path.name not in ("", "..") else path.resolve()
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
        return False
    return place != root and place.is_relative_to(root)


def shown_folder(folder: Path) -> str:
    """Return the folder as `./...` where it is below the working directory, else its absolute path."""
    here = Path.cwd()
    whole = Path(os.path.normpath(here / folder))
    if whole == here:
        return "."
    return f"./{whole.relative_to(here).as_posix()}" if whole.is_relative_to(here) else str(whole)


def files_of(entry: ModelEntry) -> list[Path]:
    """Return all files of the model that are on this machine, with its projector.

    Those of a hub's cache are the link that has the name and what it leads to. The model that came with
    Corral has none.
    """
    if entry.path is None or _is_bundled(entry.path):
        return []
    if entry.path.is_dir():
        return sorted(path for path in entry.path.iterdir() if path.is_file())
    found = [entry.path.with_name(name) for name in all_parts(entry.path.name)]
    if entry.projector is not None:
        found.append(entry.projector)
    found += [receipt_path(path) for path in found]
    if is_download(entry.definition.settings.model):
        found += [path.resolve() for path in found if path.is_symlink()]
    return [path for path in dict.fromkeys(found) if path.is_file()]


def own_files(entry: ModelEntry, others: Iterable[ModelEntry]) -> tuple[Path, ...]:
    """Return the files of `entry` that none of `others` needs."""
    needed = {os.path.realpath(path) for other in others for path in files_of(other)}
    return tuple(path for path in files_of(entry) if os.path.realpath(path) not in needed)


def _is_bundled(path: Path) -> bool:
    try:
        return path == bundled_model()
    except ModelLoadError:
        return False
