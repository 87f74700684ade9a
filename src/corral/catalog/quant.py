"""Which of a repository's files is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

from corral.catalog.parts import is_later_part
from corral.core.errors import ModelLoadError

PREFERRED = "Q4_K_M"
# Projectors of multimodal models and importance matrices are GGUF files too, but no models.
_NO_MODEL = ("mmproj", "imatrix")


_TAG = re.compile(
    r"(?<![a-z0-9])(?:(?:i?q|tq)[0-9][a-z0-9_]*|[bf]f?(?:16|32)|mxfp4[a-z0-9_]*)", re.IGNORECASE
)


def choose(files: Iterable[str], quant: str | None) -> str:
    """Return the file with this quantization; without one, the preferred or else the first.

    Raises:
        ModelLoadError: no such file; the message lists what there is.
    """
    models = sorted(filter(is_model, files))
    if not models:
        raise ModelLoadError("the repository has no GGUF file")
    found = [name for name in models if _has(name, quant or PREFERRED)]
    if quant and not found:
        raise ModelLoadError(f"the repository has no {quant} file, only {', '.join(models)}")
    return (found or models)[0]


def tag_of(file: str) -> str | None:
    """Return the quantization in a file's name, None if it has none."""
    found = _TAG.findall(file.rpartition("/")[2].removesuffix(".gguf"))
    return found[-1].upper() if found else None


def is_model(file: str) -> bool:
    """Return whether this is a model's file, or the first of its parts."""
    name = file.rpartition("/")[2].lower()
    return name.endswith(".gguf") and not name.startswith(_NO_MODEL) and not is_later_part(file)


def _has(file: str, quant: str) -> bool:
    """Return whether the tag stands alone in the name: Q4_K is not in Q4_K_M."""
    return re.search(rf"(?<![a-z0-9]){re.escape(quant)}(?![a-z0-9_])", file, re.IGNORECASE) is not None
