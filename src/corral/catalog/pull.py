"""Models that a user asks to have on this machine, by one line of text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

import msgspec

from corral.catalog.parts import all_parts
from corral.catalog.progress import Progress, silent
from corral.catalog.source import resolve
from corral.core.errors import ModelSourceError
from corral.core.settings import ModelSettings

_HUBS = ("hf.co", "huggingface.co", "www.huggingface.co")
_DOCKER_HUBS = ("docker.io", "hub.docker.com")
_WORD = r"[A-Za-z0-9][\w.-]{0,95}"
_REPO = re.compile(rf"(?P<repo>{_WORD}/{_WORD})(?::(?P<quant>[\w.-]+))?", re.ASCII)
_IMAGE = re.compile(r"(?:[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*(?::\w[\w.-]{0,127})?", re.ASCII)
# What follows owner/name in the address of a file's page, or of the file.
_IN_REPO = re.compile(r"/(?:resolve|blob|raw)/(?P<revision>[^/]+)/(?P<file>.+)")


def pull(source: str, settings: ModelSettings, progress: Progress = silent) -> list[Path]:
    """Return the files of the model that `source` names, the first to load first, downloaded if need be.

    `settings` say where they go and by which rights. Blocks; call it from a thread.

    Raises:
        ModelSourceError: the text names no model.
        ModelLoadError: it could not be downloaded.
    """
    found = resolve(_with_rights(source_settings(source), settings), progress)
    parts = [found.path.with_name(name) for name in all_parts(found.path.name)]
    return parts if found.projector is None else [*parts, found.projector]


def source_settings(source: str) -> ModelSettings:
    """Return which model the text means.

    It is `owner/name[:QUANT]` (also with `hf:`, or as an address at the hub), `docker:[owner/]name[:tag]`, or
    the http(s) address of a file. Raises ModelSourceError.
    """
    text = source.strip()
    scheme, _, rest = text.partition(":")
    if scheme.lower() in {"http", "https"}:
        return _from_address(text)
    if scheme.lower() in {"hf", "docker"}:
        kind, rest = scheme.lower(), rest.removeprefix("//")
        return _from_hub(rest, source) if kind == "hf" else _from_docker(rest, source)
    host, _, path = text.partition("/")
    if host.lower() in _HUBS:
        return _from_hub(path, source)
    if host.lower() in _DOCKER_HUBS:
        return _from_docker(path, source)
    return _from_hub(text, source)


def _with_rights(model: ModelSettings, settings: ModelSettings) -> ModelSettings:
    return msgspec.structs.replace(
        model,
        cache_dir=settings.cache_dir,
        hf_token=settings.hf_token,
        is_offline=settings.is_offline,
        is_projector_wanted=settings.is_projector_wanted,
    )


def _from_hub(text: str, source: str) -> ModelSettings:
    match = _REPO.fullmatch(text.rstrip("/"))
    if not match:
        _refuse(source)
    return ModelSettings(hf_repo=match[0])


def _from_docker(text: str, source: str) -> ModelSettings:
    # hub.docker.com/r/owner/name is the page of an image.
    name = text.strip("/").removeprefix("r/")
    if not _IMAGE.fullmatch(name):
        _refuse(source)
    return ModelSettings(docker_repo=name)


def _from_address(address: str) -> ModelSettings:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower()
    except ValueError:
        _refuse(address)
    path = unquote(parts.path).strip("/")
    if host in _DOCKER_HUBS:
        return _from_docker(path, address)
    if host in _HUBS:
        return _from_hub_address(path, address)
    if not host or not path.rpartition("/")[2].endswith(".gguf"):
        _refuse(address)
    return ModelSettings(url=address)


def _from_hub_address(path: str, address: str) -> ModelSettings:
    """Return what a page or file at the hub shows. Files of another branch are files at an address."""
    repo = "/".join(path.split("/")[:2])
    in_repo = _IN_REPO.fullmatch(path.removeprefix(repo))
    if in_repo is None:
        return _from_hub(path.removesuffix("/tree/main"), address)
    if not _REPO.fullmatch(repo) or not in_repo["file"].endswith(".gguf"):
        _refuse(address)
    if in_repo["revision"] == "main":
        return ModelSettings(hf_repo=repo, hf_file=in_repo["file"])
    return ModelSettings(url=address.replace("/blob/", "/resolve/", 1).replace("/raw/", "/resolve/", 1))


def _refuse(source: str) -> NoReturn:
    raise ModelSourceError(
        f"{_shown(source)!r} names no model to download; give owner/name[:QUANT] of a Hugging Face "
        "repository, docker:[owner/]name[:tag], or the http(s) address of a .gguf file"
    )


def _shown(source: str) -> str:
    """Return the text without a user's password, and not longer than an error should be."""
    return re.sub(r"//[^/@\s]*@", "//", source)[:200]
