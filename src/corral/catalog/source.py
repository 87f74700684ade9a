"""From the settings to the model's file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from corral.catalog.bundled import NAME, bundled_model
from corral.catalog.parts import all_parts
from corral.catalog.progress import Progress, silent
from corral.catalog.projector import find_projector
from corral.core.errors import ModelLoadError
from corral.core.settings import ModelSettings

MAX_DOWNLOADS = 4  # parts of one model that come at the same time


@dataclass(frozen=True)
class ModelSource:
    """A model's file, on this machine, and its name in the API. `projector` is its file for images."""

    path: Path
    name: str
    is_bundled: bool = False
    projector: Path | None = None


def resolve(settings: ModelSettings, progress: Progress = silent) -> ModelSource:
    """Return where the model is, downloading it first if it is elsewhere. Blocks; call it from a thread.

    Raises:
        ModelLoadError: there is no such file, or it could not be downloaded.
    """
    return replace(_model(settings, progress), projector=find_projector(settings, progress))


def _model(settings: ModelSettings, progress: Progress) -> ModelSource:
    if settings.hf_repo:
        return _from_hub(settings, settings.hf_repo, progress)
    if settings.docker_repo:
        return _from_docker(settings, settings.docker_repo, progress)
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
    path = Hub(settings.hf_token, is_offline=settings.is_offline).fetch(repo, file, progress=progress)
    return ModelSource(path, settings.alias or repo)


def _from_docker(settings: ModelSettings, repo: str, progress: Progress) -> ModelSource:
    from corral.catalog.docker import DockerHub  # noqa: PLC0415 - httpx is needed for downloads only

    folder = Path(settings.cache_dir or ".")
    path = DockerHub().fetch(repo, folder, is_offline=settings.is_offline, progress=progress)
    return ModelSource(path, settings.alias or repo)


def _from_url(settings: ModelSettings, url: str, progress: Progress) -> ModelSource:
    from corral.catalog.download import download  # noqa: PLC0415 - httpx is needed for downloads only

    target = Path(settings.path) if settings.path else Path(settings.cache_dir or ".") / _file_name(url)
    parts = [target.with_name(name) for name in all_parts(target.name)]

    def get(part: tuple[str, Path]) -> None:
        download(*part, progress=progress, is_offline=settings.is_offline)

    first, *others = zip(all_parts(url), parts, strict=False)
    get(first)  # what is wrong with the address shows here, once
    with ThreadPoolExecutor(MAX_DOWNLOADS) as pool:
        list(pool.map(get, others))
    return ModelSource(target, settings.alias or settings.path or target.name)


def _file_name(url: str) -> str:
    """Return the last part of the address's path."""
    name = url.partition("#")[0].partition("?")[0].rpartition("/")[2]
    if not name:
        raise ModelLoadError(f"{url} does not name a file; name one with -m", url=url)
    return name
