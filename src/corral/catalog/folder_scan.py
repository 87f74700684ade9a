"""What lies in the models folder. Looks at names and kinds of files only; opens none."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Callable, Collection, Iterator
from pathlib import Path, PurePosixPath

import msgspec

from corral.catalog.parts import first_part
from corral.catalog.projector import is_projector
from corral.catalog.quant import is_model

# Where the original kept the two kinds of models, see the contract llama_api.
GGML_FOLDER = "ggml"
GPTQ_FOLDER = "gptq"
_PICKLES = (".pt", ".pth", ".bin")
# Control characters, and the stand-ins of bytes that are no UTF-8: no client can be told such a name.
_UNTELLABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


class Found(msgspec.Struct, frozen=True):
    """One model in the folder: its file, the first of its files (which may be missing), or its folder.

    `relative` is its path in the models folder, with slashes.
    """

    path: Path
    relative: PurePosixPath
    is_folder: bool = False


class FolderScan(msgspec.Struct, frozen=True):
    """The models in order of their relative paths, and the projectors."""

    models: tuple[Found, ...] = ()
    projectors: tuple[Path, ...] = ()


def scan(models_dir: Path) -> FolderScan:
    """Return what lies in `models_dir`, at any depth; nothing if there is no such folder.

    Symbolic links are followed, each folder is visited once, by a path without a link if it has one. Hidden
    files and folders are skipped, and so is what cannot be read or has a name that no client can be told.
    """
    models: dict[PurePosixPath, Found] = {}
    projectors: list[Path] = []
    for folder, relative, files in _folders(models_dir):
        if is_weights_folder(relative, files):
            models[relative] = Found(folder, relative, is_folder=True)
        for name in _model_files(relative, files):
            models[relative / name] = Found(folder / name, relative / name)
        projectors += [folder / name for name in files if is_projector(name)]
    return FolderScan(tuple(models[key] for key in sorted(models)), tuple(sorted(projectors)))


def is_weights_folder(relative: PurePosixPath, files: Collection[str]) -> bool:
    """Return whether this folder as a whole is one model, complete or not: safetensors, or older weights.

    A folder in `gptq/` is meant to be one, unless it holds GGUF files only.
    """
    if relative.parts == ():
        return False
    has_tensors = any(is_tensors(name) for name in files)
    has_pickles = any(is_pickle(name) for name in files)
    if relative.parts[:-1] == (GPTQ_FOLDER,):
        return has_tensors or not any(is_model(name) for name in files)
    return has_tensors or (has_pickles and "config.json" in files)


def is_tensors(name: str) -> bool:
    """Return whether the file holds a model's weights as safetensors; those of adapters are no model."""
    return name.endswith(".safetensors") and not name.startswith("adapter_")


def is_pickle(name: str) -> bool:
    """Return whether this may be weights in Python's pickle format, which can run code when it is read."""
    return name.endswith(_PICKLES) and not name.startswith(("adapter_", "training_args"))


def _model_files(relative: PurePosixPath, files: Collection[str]) -> set[str]:
    """Return the names of the first parts, also where only later ones are here."""
    found = {first_part(name) for name in files}
    is_old = relative.parts[:1] == (GGML_FOLDER,)
    return {name for name in found if is_model(name) or (is_old and name.endswith(".bin"))}


def _folders(root: Path) -> Iterator[tuple[Path, PurePosixPath, list[str]]]:
    """Yield (folder, its relative path, names of its files). Those behind links come last."""
    seen: set[tuple[int, int]] = set()
    real, linked = deque([(root, PurePosixPath())]), deque[tuple[Path, PurePosixPath]]()
    while real or linked:
        folder, relative = real.popleft() if real else linked.popleft()
        listed = _listed(folder, seen)
        for entry in listed:
            if _has_kind(entry, stat.S_ISDIR):
                below = linked if entry.is_symlink() else real
                below.append((folder / entry.name, relative / entry.name))
        yield folder, relative, [entry.name for entry in listed if _has_kind(entry, stat.S_ISREG)]


def _listed(folder: Path, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    """Return what is in the folder, in order; nothing if it is in `seen`, to which it is added."""
    try:
        status = folder.stat()
        key = (status.st_dev, status.st_ino)
        if key in seen:
            return []
        seen.add(key)
        with os.scandir(folder) as entries:
            return sorted(filter(_is_shown, entries), key=lambda entry: entry.name)
    except OSError:
        return []


def _is_shown(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and _UNTELLABLE.search(entry.name) is None


def _has_kind(entry: os.DirEntry[str], is_kind: Callable[[int], bool]) -> bool:
    try:
        return is_kind(entry.stat().st_mode)
    except OSError:  # a link to nothing
        return False
