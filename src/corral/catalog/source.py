"""From the settings to the model's file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from corral.catalog.address import file_name
from corral.catalog.bundled import NAME, bundled_model
from corral.catalog.parallel import each
from corral.catalog.parts import all_parts
from corral.catalog.progress import Progress, silent
from corral.catalog.projector import find_projector
from corral.core.errors import ModelLoadError
from corral.core.settings import ModelSettings, Settings

if TYPE_CHECKING:
    from corral.catalog.hub import Hub


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
    return ModelSource(
        path=_path(settings, progress, hub),
        name=model_name(settings),
        is_bundled=not is_named(settings),
        projector=find_projector(settings, progress, hub),
    )


def is_named(settings: ModelSettings) -> bool:
    """Tell whether the settings name a model; else the one that comes with Corral is meant."""
    return any((settings.path, settings.url, settings.hf_repo, settings.docker_repo))


def model_name(settings: ModelSettings) -> str:
    """Return the name in the API: the alias, else the model as it was named."""
    of_file = settings.path or (file_name(settings.url) or settings.url if settings.url else NAME)
    return settings.alias or settings.hf_repo or settings.docker_repo or of_file


def needed_model(settings: Settings) -> ModelSettings:
    """Return what to resolve for an engine: vectors and scores are made from text, and need no projector."""
    if settings.engine.purpose == "generate":
        return settings.model
    return msgspec.structs.replace(settings.model, is_projector_wanted=False)


def _hub(settings: ModelSettings) -> Hub:
    from corral.catalog.hub import Hub  # noqa: PLC0415 - the library takes half a second to import

    return Hub(settings.hf_token, is_offline=settings.is_offline)


def _path(settings: ModelSettings, progress: Progress, hub: Hub | None) -> Path:
    if settings.hf_repo and hub is not None:
        # llama-server's rule: without --hf-file, --model names the file in the repository.
        return hub.fetch(settings.hf_repo, settings.hf_file or settings.path, progress=progress)
    if settings.docker_repo:
        return _from_docker(settings, settings.docker_repo, progress)
    if settings.url:
        return _from_url(settings, settings.url, progress)
    return _existing(settings.path) if settings.path else bundled_model()


def _existing(path: str) -> Path:
    if Path(path).is_dir():
        raise ModelLoadError(f"{path} is a folder; --models-dir {path} serves the models in it", path=path)
    if not Path(path).is_file():
        raise ModelLoadError(f"there is no model file {path}", path=path)
    return Path(path)


def _from_docker(settings: ModelSettings, repo: str, progress: Progress) -> Path:
    from corral.catalog.docker import DockerHub  # noqa: PLC0415 - httpx is needed for downloads only

    folder = Path(settings.cache_dir or ".")
    return DockerHub().fetch(repo, folder, is_offline=settings.is_offline, progress=progress)


def _from_url(settings: ModelSettings, url: str, progress: Progress) -> Path:
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
    each(get, others)
    return target


def _file_name(url: str) -> str:
    name = file_name(url)
    if not name:
        raise ModelLoadError(f"{url} does not name a file; name one with -m", url=url)
    return name
