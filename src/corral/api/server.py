"""The ASGI application: every dialect's routes, and around them what HTTP asks of all."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException

import corral
from corral.api import docs
from corral.api.auth import KeyCheck, Keys, PublicPaths
from corral.api.cors import CommonHeaders
from corral.api.endpoint import Endpoint
from corral.api.errors import ErrorEdge, refuse_route
from corral.api.llamacpp import routes as llamacpp_routes
from corral.api.loading import LoadingGate
from corral.api.openai import routes as openai_routes
from corral.api.ports import RouterPort
from corral.api.serving import Serving
from corral.api.timeouts import SocketTimeouts
from corral.core.settings import Settings


def create_app(
    router: RouterPort,
    settings: Settings,
    *,
    public_prefixes: tuple[str, ...] = (),
) -> FastAPI:
    """Return the application over `router`.

    Paths that begin with one of `public_prefixes` need no key, nor does `/`, where another package may put
    a page. Raises SettingsError for a bad
    `--chat-template`.
    """
    serving = Serving(router, settings)
    endpoints = dialects(serving)
    endpoints += docs.routes(endpoints, version=corral.__version__)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for endpoint in endpoints:
        for path in endpoint.paths:
            app.add_route(path, endpoint.handler, methods=[endpoint.method], include_in_schema=False)
    app.add_exception_handler(HTTPException, refuse_route)
    # The last one added is the outermost: headers and OPTIONS, errors, time-outs, loading, then the key.
    app.add_middleware(
        KeyCheck, keys=Keys(settings.server.api_keys), public=PublicPaths(endpoints, public_prefixes)
    )
    app.add_middleware(LoadingGate, check=router.facts)
    app.add_middleware(SocketTimeouts, timeout_s=settings.server.timeout_s)
    app.add_middleware(ErrorEdge)
    app.add_middleware(CommonHeaders)
    return app


def dialects(serving: Serving) -> list[Endpoint]:
    """Return the table of routes of all dialects."""
    return [*llamacpp_routes.routes(serving), *openai_routes.routes(serving)]
