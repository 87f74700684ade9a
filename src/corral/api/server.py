"""The ASGI application: every dialect's routes, and around them what HTTP asks of all."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException

import corral
from corral.api import docs, modules
from corral.api.admin import routes as admin_routes
from corral.api.anthropic import routes as anthropic_routes
from corral.api.at_model import AtModel, OverModels, bind
from corral.api.auth import AdminOnly, KeyCheck, Keys, PublicPaths, ordinary_keys
from corral.api.characters import listing
from corral.api.characters import routes as characters_routes
from corral.api.cors import CommonHeaders
from corral.api.endpoint import Endpoint
from corral.api.errors import ErrorEdge, refuse_route
from corral.api.folder import Folder, FolderFirst
from corral.api.llama2 import routes as llama2_routes
from corral.api.llamacpp import routes as llamacpp_routes
from corral.api.loading import LoadingGate
from corral.api.openai import routes as openai_routes
from corral.api.ports import CharactersPort, ModelsPort
from corral.api.prefix import PathPrefix
from corral.api.quota_headers import QuotaHeaders
from corral.api.servings import Servings
from corral.api.timeouts import SocketTimeouts
from corral.core.settings import Settings
from corral.gateway.callers import Callers
from corral.gateway.remote.remotes import Remotes


def create_app(  # noqa: PLR0913 - what the composition root hands over, once
    models: ModelsPort,
    settings: Settings,
    *,
    public_prefixes: tuple[str, ...] = (),
    stop: Callable[[], None] | None = None,
    remotes: Remotes | None = None,
    characters: CharactersPort | None = None,
    callers: Callers | None = None,
) -> FastAPI:
    """Return the application over `models`.

    Paths that begin with one of `public_prefixes` need no key, nor does `/`, where another package may put
    a page. `stop` asks the server to end as Ctrl-C does, for administrators. `remotes` is the way to the
    servers that run models for this one; it is closed with the application. `characters` are those of the
    server's folder, None for none. `callers` are those that the gateway knows, None: as `settings` have them.
    Raises SettingsError for a bad `--chat-template` or `--path`.
    """
    callers, remotes = callers or Callers(settings.server.terms), remotes or Remotes()
    servings = Servings(models, settings, characters=characters, callers=callers)
    endpoints = dialects(stop)
    endpoints += modules.routes()
    endpoints += docs.routes(endpoints, version=corral.__version__, prefix=settings.server.prefix)
    admins = Keys(settings.server.admin_keys)
    app = FastAPI(
        docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, lifespan=_lifespan(remotes)
    )
    for endpoint in endpoints:
        served = _served(endpoint, servings, remotes, admins=admins)
        for path in endpoint.paths:
            app.add_route(path, served, methods=[endpoint.method], include_in_schema=False)
    app.add_exception_handler(HTTPException, refuse_route)
    _surround(app, PublicPaths(endpoints, public_prefixes), servings)
    return app


def _served(endpoint: Endpoint, servings: Servings, remotes: Remotes, *, admins: Keys) -> Callable[..., Any]:
    """Return what Starlette routes to: a function of a request, or an application."""
    handler = endpoint.handler
    if isinstance(handler, AtModel | OverModels):
        served = bind(handler, servings, remotes)
        return AdminOnly(served, admins) if endpoint.is_admin else served
    assert not endpoint.is_admin, "a plain handler stands open"
    return handler


def _lifespan(remotes: Remotes) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await remotes.aclose()

    return lifespan


def _surround(app: FastAPI, public: PublicPaths, servings: Servings) -> None:
    """Add what HTTP asks of all routes.

    The last one added is the outermost: headers and OPTIONS, quotas, errors, time-outs, the prefix, loading,
    the folder, then the key.
    """
    server = servings.settings.server
    app.add_middleware(KeyCheck, keys=ordinary_keys(server), public=public)
    if server.static_dir is not None:
        app.add_middleware(FolderFirst, folder=Folder(server.static_dir))
    app.add_middleware(LoadingGate, check=servings.models.check_started)
    if server.prefix:
        app.add_middleware(PathPrefix, prefix=server.prefix)
    app.add_middleware(SocketTimeouts, timeout_s=server.timeout_s)
    app.add_middleware(ErrorEdge)
    app.add_middleware(QuotaHeaders, callers=servings.callers)
    app.add_middleware(CommonHeaders, cors=server.cors)


def dialects(stop: Callable[[], None] | None = None) -> list[Endpoint]:
    """Return the table of routes of all dialects. `stop` as in `create_app`."""
    return [
        *llamacpp_routes.routes(),
        *openai_routes.routes(),
        *anthropic_routes.routes(),
        *characters_routes.routes(),
        *llama2_routes.routes(),
        *listing.routes(),
        *admin_routes.routes(stop),
    ]
