"""Puts the page on the server's application, without its giving up any path but the page's own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send

from corral.api.ports import CharactersPort, ModelsPort
from corral.api.servings import Servings
from corral.core.settings import Settings
from corral.gateway.callers import Callers

MakeFrame = Callable[[Servings], FastAPI]

# Styles, scripts and the page's socket. They hold nothing secret: the page asks for a key by itself.
PUBLIC_PREFIXES = ("/_nicegui/", "/_nicegui_ws/")


def mount(
    app: FastAPI,
    models: ModelsPort,
    settings: Settings,
    *,
    characters: CharactersPort | None = None,
    callers: Callers | None = None,
) -> None:
    """Serve the page at `/` of `app`, which must leave that path and PUBLIC_PREFIXES free and unlocked.

    NiceGUI, of which a process has one, is imported on a thread when `app` starts, while a model may load.
    """
    page = PageRoute(Servings(models, settings, characters=characters, callers=callers))
    app.router.routes.append(page)
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with inner(app) as state, page.opened():
            yield state

    app.router.lifespan_context = lifespan


class PageRoute(BaseRoute):
    """The paths that belong to NiceGUI, which is told the prefix that the browser sees before them."""

    def __init__(self, servings: Servings) -> None:
        self._servings = servings
        self._prefix = servings.settings.server.prefix
        self._opening: asyncio.Task[ASGIApp] | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take `/`, its other name, and the prefixes."""
        match scope:
            case {"type": "http", "method": "GET" | "HEAD", "path": "/" | "/index.html"}:
                is_ours = True
            case {"type": "http" | "websocket", "path": path}:
                is_ours = path.startswith(PUBLIC_PREFIXES)
            case _:
                is_ours = False
        return (Match.FULL if is_ours else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:  # noqa: ANN401 - Starlette's signature
        """Nothing of the page has a name."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let NiceGUI answer, once it is there. It knows no HEAD, and would build a page for it."""
        path = "/" if scope["path"] == "/index.html" else scope["path"]
        if scope.get("method") == "HEAD" and path == "/":
            await _head(send)
            return
        assert self._opening is not None, "the application's lifespan has not begun"
        nicegui = await asyncio.shield(self._opening)
        outside = {"root_path": self._prefix, "path": self._prefix + path}
        await nicegui({**scope, **outside}, receive, send)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Start NiceGUI in the background, and end it."""
        async with contextlib.AsyncExitStack() as stack:
            self._opening = asyncio.create_task(self._open(stack))
            try:
                yield
            finally:
                await asyncio.wait({self._opening})

    async def _open(self, stack: contextlib.AsyncExitStack) -> ASGIApp:
        make_frame = await asyncio.to_thread(_import)
        frame = make_frame(self._servings)
        await stack.enter_async_context(frame.router.lifespan_context(frame))
        return frame


async def _head(send: Send) -> None:
    headers = [(b"content-type", b"text/html; charset=utf-8")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _import() -> MakeFrame:
    from corral.ui.frame import make_frame  # noqa: PLC0415 - the quarter of a second that the thread is for

    return make_frame
