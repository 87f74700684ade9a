"""What is in a model's files, read once for as long as they stay as they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from corral.catalog.gguf_header import GgufHeader, combined, read_header
from corral.catalog.parts import all_parts, is_later_part
from corral.catalog.weights_folder import WeightsFolder, folder_signature, read_folder
from corral.core.errors import ModelLoadError

HeaderReader: TypeAlias = Callable[[Path], GgufHeader]

# What else is kept as GGUF, by `general.type`.
_OTHER_TYPES = {
    "adapter": "a LoRA adapter",
    "mmproj": "the projector of a model",
    "imatrix": "an importance matrix",
}
_MAX_LISTED = 8


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """One model. `problem` says why it cannot be loaded, `is_model` False that it is not meant to be one.

    `format`: gguf, ggml (llama.cpp's containers before it), gptq or safetensors. `n_bytes` counts all parts
    that are here, without a projector.
    """

    format: str
    n_bytes: int = 0
    header: GgufHeader | None = None
    folder: WeightsFolder | None = None
    problem: str | None = None
    modified_ns: int = 0
    is_model: bool = True


class ContentsReader:
    """Reads what is at a path. Keeps what it read as long as sizes, times and inodes of the files stay."""

    def __init__(self, read: HeaderReader = read_header) -> None:
        self._read = read
        self._known: dict[Path, tuple[object, Contents]] = {}
        self._used: set[Path] = set()

    def read(self, path: Path) -> Contents:
        """Return what is in the model at `path`: its (first) file, or its folder. Never raises."""
        try:
            if path.is_dir():
                return self._kept(path, folder_signature(path), lambda: _of_folder(path))
        except OSError as error:
            return Contents(format="safetensors", problem=f"cannot read {path}: {error.strerror}")
        if is_later_part(path.name):
            return Contents(format="gguf", problem=f"{path.name} is not the first part of the model")
        files = [path.with_name(name) for name in all_parts(path.name)]
        found = [_status(file) for file in files]
        signature = tuple(one and (one.st_size, one.st_mtime_ns, one.st_ino, one.st_dev) for one in found)
        return self._kept(path, signature, lambda: self._of_files(files, found))

    def forget_unused(self) -> None:
        """Let go of whatever was not asked for since the last call."""
        self._known = {path: known for path, known in self._known.items() if path in self._used}
        self._used = set()

    def _kept(self, path: Path, signature: object, read: Callable[[], Contents]) -> Contents:
        self._used.add(path)
        known = self._known.get(path)
        if known is None or known[0] != signature:
            known = self._known[path] = (signature, read())
        return known[1]

    def _of_files(self, files: Sequence[Path], found: Sequence[os.stat_result | None]) -> Contents:
        here = [one for one in found if one is not None]
        missing = [file for file, one in zip(files, found, strict=True) if one is None]
        contents = _unreadable(files, _missing(files, missing)) if missing else self._of_headers(files)
        return msgspec.structs.replace(
            contents,
            n_bytes=sum(one.st_size for one in here),
            modified_ns=max((one.st_mtime_ns for one in here), default=0),
        )

    def _of_headers(self, files: Sequence[Path]) -> Contents:
        try:
            header = combined([self._read(file) for file in files], files[0])
        except ModelLoadError as error:
            return _unreadable(files, error.message)
        return _of_header(files[0].name, header)


def _of_folder(path: Path) -> Contents:
    found = read_folder(path)
    return Contents(format=found.format, n_bytes=found.n_bytes, folder=found, problem=found.problem)


def _unreadable(files: Sequence[Path], problem: str) -> Contents:
    return Contents(format="ggml" if files[0].suffix == ".bin" else "gguf", problem=problem)


def _of_header(name: str, header: GgufHeader) -> Contents:
    other = "mmproj" if header.is_projector else header.type
    problem = None
    if other in _OTHER_TYPES:
        problem = f"{name} is {_OTHER_TYPES[other]}, no model"
    elif not header.n_params:
        problem = f"{name} holds no weights, only a vocabulary"
    is_model = other not in _OTHER_TYPES
    return Contents(format="gguf", header=header, problem=problem, is_model=is_model)


def _status(path: Path) -> os.stat_result | None:
    """Return what the file system says of a file, None if it is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _missing(files: Sequence[Path], missing: Sequence[Path]) -> str:
    """Return the sentence; of a model in parts it has a line for each."""
    if len(files) == 1:
        return f"{files[0]} is missing"
    lines = [f"{file.name} is missing" for file in missing[:_MAX_LISTED]]
    n_more = len(missing) - _MAX_LISTED
    return "\n".join([*lines, f"and {n_more} more parts"] if n_more > 0 else lines)
