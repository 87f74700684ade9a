"""From the settings to the model's file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from corral.catalog.bundled import NAME, bundled_model
from corral.catalog.parallel import each
from corral.catalog.parts import all_parts
from corral.catalog.progress import Progress, silent
from corral.catalog.projector import find_projector
from corral.core.errors import ModelLoadError
from corral.core.settings import ModelSettings, Settings

if TYPE_CHECKING:
    from corral.catalog.hub import Hub

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
    hub = _hub(settings) if settings.hf_repo else None
    source = _model(settings, progress, hub)
    return replace(source, projector=find_projector(settings, progress, hub))


def needed_model(settings: Settings) -> ModelSettings:
    """Return what to resolve for an engine: vectors and scores are made from text, and need no projector."""
    if settings.engine.purpose == "generate":
        return settings.model
    return msgspec.structs.replace(settings.model, is_projector_wanted=False)


def _hub(settings: ModelSettings) -> Hub:
    from corral.catalog.hub import Hub  # noqa: PLC0415 - the library takes half a second to import

    return Hub(settings.hf_token, is_offline=settings.is_offline)


def _model(settings: ModelSettings, progress: Progress, hub: Hub | None) -> ModelSource:
    if settings.hf_repo and hub is not None:
        return _from_hub(settings, settings.hf_repo, hub, progress=progress)
    if settings.docker_repo:
        return _from_docker(settings, settings.docker_repo, progress)
    if settings.url:
        return _from_url(settings, settings.url, progress)
    if settings.path:
        return ModelSource(_existing(settings.path), settings.alias or settings.path)
    return ModelSource(bundled_model(), settings.alias or NAME, is_bundled=True)


def _existing(path: str) -> Path:
    if Path(path).is_dir():
        raise ModelLoadError(f"{path} is a folder; --models-dir {path} serves the models in it", path=path)
    if not Path(path).is_file():
        raise ModelLoadError(f"there is no model file {path}", path=path)
    return Path(path)


def _from_hub(settings: ModelSettings, repo: str, hub: Hub, *, progress: Progress) -> ModelSource:
    # llama-server's rule: without --hf-file, --model names the file in the repository.
    path = hub.fetch(repo, settings.hf_file or settings.path, progress=progress)
    return ModelSource(path, settings.alias or repo)


def _from_docker(settings: ModelSettings, repo: str, progress: Progress) -> ModelSource:
    from corral.catalog.docker import DockerHub  # noqa: PLC0415 - httpx is needed for downloads only

    folder = Path(settings.cache_dir or ".")
    path = DockerHub().fetch(repo, folder, is_offline=settings.is_offline, progress=progress)
    return ModelSource(path, settings.alias or repo)


def _from_url(settings: ModelSettings, url: str, progress: Progress) -> ModelSource:
    # httpx is needed for downloads only
    from corral.catalog.download import check_room_for_all, download  # noqa: PLC0415

    target = Path(settings.path) if settings.path else Path(settings.cache_dir or ".") / _file_name(url)
    parts = [target.with_name(name) for name in all_parts(target.name)]

    def get(part: tuple[str, Path]) -> None:
        download(*part, progress=progress, is_offline=settings.is_offline)

    first, *others = zip(all_parts(url), parts, strict=False)
    if others and not settings.is_offline:
        check_room_for_all([first, *others])
    get(first)  # what is wrong with the address shows here, once
    each(get, others, MAX_DOWNLOADS)
    return ModelSource(target, settings.alias or settings.path or target.name)


def _file_name(url: str) -> str:
    """Return the last part of the address's path."""
    name = url.partition("#")[0].partition("?")[0].rpartition("/")[2]
    if not name:
        raise ModelLoadError(f"{url} does not name a file; name one with -m", url=url)
    return name
