"""From the settings to the model's file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from corral.catalog.bundled import NAME, bundled_model
from corral.catalog.parts import all_parts
from corral.catalog.progress import Progress, silent
from corral.core.errors import ModelLoadError
from corral.core.settings import ModelSettings


@dataclass(frozen=True)
class ModelSource:
    """A model's file, on this machine, and the name that it has in the API."""

    path: Path
    name: str
    is_bundled: bool = False


def resolve(settings: ModelSettings, progress: Progress = silent) -> ModelSource:
    """Return where the model is, downloading it first if it is elsewhere. Blocks; call it from a thread.

    Raises:
        ModelLoadError: there is no such file, or it could not be downloaded.
    """
    if settings.hf_repo:
        return _from_hub(settings, settings.hf_repo, progress)
    if settings.url:
        return _from_url(settings, settings.url, progress)
    if settings.path:
        return ModelSource(_existing(settings.path), settings.alias or settings.path)
    return ModelSource(bundled_model(), settings.alias or NAME, is_bundled=True)


def _existing(path: str) -> Path:
    if not Path(path).is_file():
        raise ModelLoadError(f"there is no model file {path}", path=path)
    return Path(path)


def _from_hub(settings: ModelSettings, repo: str, progress: Progress) -> ModelSource:
    from corral.catalog.hub import Hub  # noqa: PLC0415 - the library takes half a second to import

    # llama-server's rule: without --hf-file, --model names the file in the repository.
    file = settings.hf_file or settings.path
    path = Hub(settings.hf_token).fetch(repo, file, progress=progress)
    return ModelSource(path, settings.alias or repo)


def _from_url(settings: ModelSettings, url: str, progress: Progress) -> ModelSource:
    from corral.catalog.download import download  # noqa: PLC0415 - httpx is needed for downloads only

    target = Path(settings.path) if settings.path else Path(settings.cache_dir or ".") / _file_name(url)
    for part_url, name in zip(all_parts(url), all_parts(target.name), strict=False):
        download(part_url, target.with_name(name), progress=progress)
    return ModelSource(target, settings.alias or settings.path or target.name)


def _file_name(url: str) -> str:
    """Return the last part of the address's path."""
    name = url.partition("#")[0].partition("?")[0].rpartition("/")[2]
    if not name:
        raise ModelLoadError(f"{url} does not name a file; name one with -m", url=url)
    return name
