"""`--api-prefix`: everything stands under one path, and nothing beside it."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from corral.core.errors import NotFoundError


class PathPrefix:
    """ASGI middleware: show the application its own paths, without `prefix`, and refuse all others.

    `prefix` begins with a slash and does not end with one. A browser that asks for the prefix itself is sent
    to the page, whose addresses are relative.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is under the prefix. Raises NotFoundError for another path."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path.startswith(f"{self._prefix}/"):
            await self._app({**scope, "path": path.removeprefix(self._prefix)}, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        elif path == self._prefix and scope["method"] in ("GET", "HEAD"):
            location = self._prefix.rpartition("/")[2] + "/"
            await Response(status_code=307, headers={"location": location})(scope, receive, send)
        else:
            raise NotFoundError("File Not Found")
