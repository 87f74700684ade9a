"""Whom `corral run` talks to: a model of a server that runs, else one of a server of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from corral.catalog.pull import source_settings
from corral.cli.access import Access
from corral.cli.folder import entries_here
from corral.cli.loading import load
from corral.cli.outcome import CommandError, UnreachableError
from corral.cli.own_server import SERVE, OwnServer
from corral.cli.server import RefusedError, Server
from corral.core.errors import CorralError
from corral.core.settings import Settings

_LOADING = 503


class Target(NamedTuple):
    """A model that is loaded, or will be with the first request."""

    server: Server
    model: str


@contextlib.contextmanager
def target(
    wanted: str, access: Access, settings: Settings, *, is_own: bool = False, argv: Sequence[str] = SERVE
) -> Iterator[Target]:
    """Give the model that `wanted` names; end what was started for it. Raises CommandError.

    `is_own`: start a server even if one runs. `argv` is the command that starts one.
    """
    server = None if is_own else _running(access)
    if server is not None:
        with contextlib.closing(server):
            yield Target(server, loaded(server, wanted))
        return
    flags, name = _served_here(wanted, settings)
    with OwnServer(flags, argv) as own:
        server = Access(url=own.url, key=None, settings=settings).server()
        with contextlib.closing(server):
            try:
                model = loaded(server, name) if name else _loaded_alone(server)
            except UnreachableError as error:
                raise own.failure() or error from error
            yield Target(server, model)


def loaded(server: Server, wanted: str) -> str:
    """Load the model that goes by a name, and return the name that it has in the API. Raises CommandError."""
    name = _known(_names(server), wanted)
    if name is None:
        names = ", ".join(names[0] for names in _names(server)) or "nothing"
        hint = f"`corral run --own {wanted}` starts a server for it."
        raise CommandError(f"The server at {server.url} has no model {wanted!r}; it has {names}. {hint}")
    load(server, name)
    return name


def _loaded_alone(server: Server) -> str:
    (view,) = server.models()
    load(server, view.name)
    return view.name


def _running(access: Access) -> Server | None:
    server = access.server()
    try:
        _names(server)
    except UnreachableError:
        server.close()
        if access.is_chosen:
            raise
        return None
    return server


def _names(server: Server) -> list[tuple[str, ...]]:
    try:
        return server.names()
    except RefusedError as error:
        if error.http_status != _LOADING:
            raise
        return [(view.name, *view.aliases) for view in server.models()]


def _known(names: Sequence[tuple[str, ...]], wanted: str) -> str | None:
    """Return the first name of the model that goes by `wanted`, in another case if only one does."""
    exact = [each[0] for each in names if wanted in each]
    similar = {each[0] for each in names for name in each if name.casefold() == wanted.casefold()}
    if exact:
        return exact[0]
    return similar.pop() if len(similar) == 1 else None


def _served_here(wanted: str, settings: Settings) -> tuple[list[str], str | None]:
    """Return the flags of a server of `wanted`, and the model's name if it has several."""
    if Path(wanted).is_file():
        return ["-m", wanted], None
    entries = entries_here(settings)
    name = _known([(entry.name, *entry.aliases) for entry in entries.values()], wanted)
    if name is not None:
        folder = settings.catalog.models_dir
        return (["--models-dir", folder] if folder else []), name
    try:
        source = source_settings(wanted)
    except CorralError as error:
        names = ", ".join(entries) or "none"
        raise CommandError(
            f"There is no file or model {wanted!r} here; there is {names}. And {error.message}."
        ) from error
    if source.hf_repo:
        file = ["--hf-file", source.hf_file] if source.hf_file else []
        return ["-hf", source.hf_repo, *file], None
    if source.docker_repo:
        return ["-dr", source.docker_repo], None
    return ["-mu", source.url or wanted], None
