"""The models that downloads left on this machine, as they can be declared. Asks no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from corral.catalog.parts import all_parts, without_part
from corral.catalog.projector import choose_projector
from corral.catalog.quant import choose, is_model, tag_of
from corral.catalog.receipt import read_receipt
from corral.core.settings import ModelSettings

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo

_IMAGE_URL = re.compile(r".*/v2/(?P<repo>[^/]+/[^/]+)/blobs/sha256:[0-9a-f]{64}")


class PulledModel(NamedTuple):
    """`settings` name its files here. `aliases` are what else may have been asked for to get it."""

    name: str
    settings: ModelSettings
    path: Path
    aliases: tuple[str, ...] = ()


def pulled_models(cache_dir: Path, hub_folder: Path | None = None) -> list[PulledModel]:
    """Return those in the huggingface_hub library's cache and in `cache_dir`, in the order of their names.

    The name is what `corral serve` and `corral pull` take: owner/name:QUANT of a repository, owner/name:tag
    of a Docker image; files of an address have their file's name. A model of which a part is missing is
    none. `hub_folder` None: where the library keeps its cache.
    """
    found = {model.name: model for model in (*_in_folder(cache_dir), *_in_hub(hub_folder))}
    return [found[name] for name in sorted(found)]


def pulled_model(path: Path, cache_dir: Path, hub_folder: Path | None = None) -> PulledModel | None:
    """Return the one that is loaded from `path`, as `pull` gave it; None if a download left no such model."""
    models = pulled_models(cache_dir, hub_folder)
    return next((model for model in models if model.path.absolute() == path.absolute()), None)


def _in_folder(folder: Path) -> Iterator[PulledModel]:
    for file in sorted(folder.glob("*.gguf")) if folder.is_dir() else []:
        receipt = read_receipt(file)
        if receipt is None or not _is_whole(file):
            continue
        name = _image(receipt.url, file) or PurePosixPath(without_part(file.name)).stem
        yield PulledModel(name, ModelSettings(path=str(file)), file)


def _image(url: str, file: Path) -> str | None:
    """Return the owner/name:tag of the Docker image that `file` came from, None if from elsewhere."""
    match = _IMAGE_URL.fullmatch(url)
    if match is None:
        return None
    start = f"{match['repo'].replace('/', '_')}_"
    return f"{match['repo']}:{file.stem.removeprefix(start)}" if file.stem.startswith(start) else None


def _in_hub(folder: Path | None) -> Iterator[PulledModel]:
    from huggingface_hub import scan_cache_dir  # noqa: PLC0415 - the library takes half a second to import
    from huggingface_hub.errors import CacheNotFound  # noqa: PLC0415

    try:
        repos = scan_cache_dir(folder).repos
    except (CacheNotFound, ValueError):
        return
    for repo in repos:
        if repo.repo_type == "model" and repo.revisions:
            yield from _in_repo(repo)


def _in_repo(repo: CachedRepoInfo) -> Iterator[PulledModel]:
    files = _newest_files(repo)
    models = sorted(file for file, path in files.items() if is_model(file) and _is_whole(path))
    projector = choose_projector(files)
    for file in models:
        settings = ModelSettings(
            path=str(files[file]), projector_path=str(files[projector]) if projector else None
        )
        name = f"{repo.repo_id}{_suffix(file, models)}"
        aliases = (repo.repo_id,) if file == choose(models, None) and name != repo.repo_id else ()
        yield PulledModel(name, settings, files[file], aliases)


def _newest_files(repo: CachedRepoInfo) -> dict[str, Path]:
    """Return where each file is. A snapshot holds only what was fetched while it was the newest."""
    main = repo.refs.get("main")
    snapshots = sorted(repo.revisions, key=lambda one: (one == main, one.last_modified))
    return {
        path.relative_to(one.snapshot_path).as_posix(): path
        for one in snapshots
        for path in one.snapshot_path.rglob("*.gguf")
    }


def _suffix(file: str, models: list[str]) -> str:
    """Return what chooses `file` among its repository's models: its quantization, else its name."""
    tag = tag_of(file)
    if tag is None and len(models) == 1:
        return ""
    if tag and choose(models, tag) == file:
        return f":{tag}"
    return f":{PurePosixPath(without_part(file)).stem}"


def _is_whole(file: Path) -> bool:
    """Return whether all parts of the model are here. A later part is no model."""
    return is_model(file.name) and all(file.with_name(part).is_file() for part in all_parts(file.name))
