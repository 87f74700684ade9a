"""The ASGI application: every dialect's routes, and around them what HTTP asks of all."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException

import corral
from corral.api import docs, modules
from corral.api.anthropic import routes as anthropic_routes
from corral.api.auth import KeyCheck, Keys, PublicPaths
from corral.api.cors import CommonHeaders
from corral.api.endpoint import Endpoint
from corral.api.errors import ErrorEdge, refuse_route
from corral.api.folder import Folder, FolderFirst
from corral.api.llamacpp import routes as llamacpp_routes
from corral.api.loading import LoadingGate
from corral.api.openai import routes as openai_routes
from corral.api.ports import DoorPort
from corral.api.prefix import PathPrefix
from corral.api.serving import Serving
from corral.api.timeouts import SocketTimeouts
from corral.core.settings import ServerSettings, Settings


def create_app(
    door: DoorPort,
    settings: Settings,
    *,
    public_prefixes: tuple[str, ...] = (),
) -> FastAPI:
    """Return the application over `door`.

    Paths that begin with one of `public_prefixes` need no key, nor does `/`, where another package may put
    a page. Raises SettingsError for a bad `--chat-template` or `--path`.
    """
    serving = Serving(door, settings)
    endpoints = dialects(serving)
    endpoints += modules.routes()
    endpoints += docs.routes(endpoints, version=corral.__version__, prefix=settings.server.prefix)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for endpoint in endpoints:
        for path in endpoint.paths:
            app.add_route(path, endpoint.handler, methods=[endpoint.method], include_in_schema=False)
    app.add_exception_handler(HTTPException, refuse_route)
    _surround(app, PublicPaths(endpoints, public_prefixes), door, settings.server)
    return app


def _surround(app: FastAPI, public: PublicPaths, door: DoorPort, server: ServerSettings) -> None:
    """Add what HTTP asks of all routes.

    The last one added is the outermost: headers and OPTIONS, errors, time-outs, the prefix, loading, the
    folder, then the key.
    """
    app.add_middleware(KeyCheck, keys=Keys(server.api_keys), public=public)
    if server.static_dir is not None:
        app.add_middleware(FolderFirst, folder=Folder(server.static_dir))
    app.add_middleware(LoadingGate, check=door.facts)
    if server.prefix:
        app.add_middleware(PathPrefix, prefix=server.prefix)
    app.add_middleware(SocketTimeouts, timeout_s=server.timeout_s)
    app.add_middleware(ErrorEdge)
    app.add_middleware(CommonHeaders, cors=server.cors)


def dialects(serving: Serving) -> list[Endpoint]:
    """Return the table of routes of all dialects."""
    return [
        *llamacpp_routes.routes(serving),
        *openai_routes.routes(serving),
        *anthropic_routes.routes(serving),
    ]
