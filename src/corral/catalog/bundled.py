"""The demonstration model that ships in the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from corral.core.errors import ModelLoadError

NAME = "corral-tiny"


def bundled_model() -> Path:
    """Return its file. Raises `ModelLoadError` if this build of Corral came without it."""
    path = Path(str(resources.files("corral") / "models" / f"{NAME}.gguf"))
    if not path.is_file():
        raise ModelLoadError("this Corral came without its small model; name one with -m", path=str(path))
    return path
