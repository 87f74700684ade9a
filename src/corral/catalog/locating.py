"""From a definition to where its model is on this machine. Asks no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from corral.catalog.folder_scan import GGML_FOLDER, GPTQ_FOLDER
from corral.catalog.source import ModelSource, resolve
from corral.core.settings import ModelSettings

LocalFinder: TypeAlias = Callable[[ModelSettings], ModelSource]
"""Returns the files of a model that are here. Raises ModelLoadError."""


def find_here(settings: ModelSettings) -> ModelSource:
    """Return where the model is, as `resolve` does, without asking any server.

    Raises:
        ModelLoadError: it is not on this machine, or not whole.
    """
    return resolve(msgspec.structs.replace(settings, is_offline=True))


def is_download(settings: ModelSettings) -> bool:
    """Return whether the model comes from elsewhere."""
    return bool(settings.hf_repo or settings.docker_repo or settings.url)


def places(path: str, models_dir: Path | None) -> list[Path]:
    """Return where a declared path may mean, in the order in which to look.

    That is the working directory, then the models folder, and there `ggml/` and `gptq/`.
    """
    given = Path(path)
    if given.is_absolute() or models_dir is None:
        return [given]
    return [given, models_dir / given, models_dir / GGML_FOLDER / given, models_dir / GPTQ_FOLDER / given]


def locate(path: str, models_dir: Path | None) -> Path | None:
    """Return the first of those places where a model is, None if none has one."""
    for place in places(path, models_dir):
        try:
            if place.is_file() or place.is_dir():
                return place
        except (OSError, ValueError):  # no permission, a name too long; a NUL in the path
            continue
    return None


def located(settings: ModelSettings, models_dir: Path | None) -> ModelSettings:
    """Return the settings with the paths of files that are here, and all others as they were."""
    changes = {
        field: str(found)
        for field, path in (("path", settings.path), ("projector_path", settings.projector_path))
        if path and (found := locate(path, models_dir)) is not None
    }
    if is_download(settings):  # there they say where a download goes, or which file of a repository it is
        changes.pop("path", None)
    if settings.projector_url:
        changes.pop("projector_path", None)
    return msgspec.structs.replace(settings, **changes)
