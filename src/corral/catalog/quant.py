"""Which of a repository's files is meant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from corral.catalog.parts import is_later_part
from corral.core.errors import ModelLoadError

PREFERRED = "Q4_K_M"
# Projectors of multimodal models and importance matrices are GGUF files too, but no models.
_NO_MODEL = ("mmproj", "imatrix")
_OLD_NAME = re.compile(r"(?:ggml|[._-]q[2-8]_).*\.bin$", re.IGNORECASE)
_MAX_KINDS = 8  # of other files that an error lists


_TAG = re.compile(
    r"(?<![a-z0-9])(?:(?:i?q|tq)[0-9][a-z0-9_]*|[bf]f?(?:16|32)|mxfp4[a-z0-9_]*)", re.IGNORECASE
)


def choose(files: Iterable[str], quant: str | None) -> str:
    """Return the file with this quantization; without one, the preferred or else the first.

    Raises:
        ModelLoadError: no such file; the message lists what there is.
    """
    files = list(files)
    models = sorted(filter(is_model, files))
    if not models:
        raise ModelLoadError(f"the repository has no GGUF file of a model, {_kinds(files)}{_remedy(files)}")
    found = [name for name in models if _has(name, quant or PREFERRED)]
    if quant and not found:
        raise ModelLoadError(f"the repository has no {quant} file, only {', '.join(models)}")
    return (found or models)[0]


def tag_of(file: str) -> str | None:
    """Return the quantization in a file's name, None if it has none."""
    found = _TAG.findall(file.rpartition("/")[2].removesuffix(".gguf"))
    return found[-1].upper() if found else None


def without_tag(file: str) -> str:
    """Return the name without folder, `.gguf` and quantization: all files of a model have the same."""
    return _TAG.sub("", file.rpartition("/")[2].removesuffix(".gguf")).rstrip("-._")


def is_model(file: str) -> bool:
    """Return whether this is a model's file, or the first of its parts."""
    name = file.rpartition("/")[2].lower()
    return name.endswith(".gguf") and not name.startswith(_NO_MODEL) and not is_later_part(file)


def _remedy(files: Iterable[str]) -> str:
    """Say what to do about a repository of 2023, told by the names of its files."""
    if not any(_OLD_NAME.search(file) for file in files):
        return ""
    return "; .bin files of 2023 are GGML, which llama.cpp no longer reads: get the model as GGUF"


def _kinds(files: Iterable[str]) -> str:
    """Say what there is instead."""
    names = [file.rpartition("/")[2] for file in files]
    counts = Counter(PurePosixPath(name).suffix or name for name in names)
    if not counts:
        return "and no other file"
    kinds = [f"{count} {kind}" for kind, count in sorted(counts.items())]
    shown = ", ".join(kinds[:_MAX_KINDS])
    return f"only {shown} and more" if len(kinds) > _MAX_KINDS else f"only {shown}"


def _has(file: str, quant: str) -> bool:
    """Return whether the tag stands alone in the name: Q4_K is not in Q4_K_M."""
    return re.search(rf"(?<![a-z0-9]){re.escape(quant)}(?![a-z0-9_])", file, re.IGNORECASE) is not None
