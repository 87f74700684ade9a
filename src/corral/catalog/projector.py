"""From the settings to the file of the multimodal projector."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from corral.catalog.address import file_name
from corral.catalog.progress import Progress
from corral.core.errors import ModelLoadError
from corral.core.settings import ModelSettings

if TYPE_CHECKING:
    from corral.catalog.hub import Hub

# Projectors are small, and their rounding shows in every image: the larger types first.
_PREFERRED = ("f16", "bf16", "f32", "q8_0")


def find_projector(settings: ModelSettings, progress: Progress, hub: Hub | None = None) -> Path | None:
    """Return where the projector is, downloading it first if it is elsewhere; None for text only. Blocks.

    A named file or address comes before the one that lies beside the model in its repository at `hub`.

    Raises:
        ModelLoadError: there is no such file, or it could not be downloaded.
    """
    if not settings.is_projector_wanted:
        return None
    if settings.projector_url:
        return _from_url(settings, settings.projector_url, progress)
    if settings.projector_path:
        return _existing(settings.projector_path)
    return hub.projector(settings.hf_repo, progress=progress) if hub and settings.hf_repo else None


def choose_projector(files: Iterable[str]) -> str | None:
    """Return the projector among a repository's files, None if there is none."""
    found = sorted(filter(is_projector, files))
    for kind in _PREFERRED:
        for name in found:
            if f"-{kind}." in name.lower():
                return name
    return found[0] if found else None


def is_projector(file: str) -> bool:
    """Return whether the name is that of a projector's file."""
    name = file.rpartition("/")[2].lower()
    return name.startswith("mmproj") and name.endswith(".gguf")


def _existing(path: str) -> Path:
    if not Path(path).is_file():
        raise ModelLoadError(f"there is no projector file {path}", path=path)
    return Path(path)


def _from_url(settings: ModelSettings, url: str, progress: Progress) -> Path:
    from corral.catalog.download import download  # noqa: PLC0415 - httpx is needed for downloads only

    name = file_name(url)
    if not (settings.projector_path or name):
        raise ModelLoadError(f"{url} does not name a file; name one with --mmproj", url=url)
    target = Path(settings.projector_path or Path(settings.cache_dir or ".") / name)
    download(url, target, progress=progress, is_offline=settings.is_offline)
    return target
