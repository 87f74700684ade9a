"""Headers that every response carries, and the answer to OPTIONS on any path."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SERVER = (b"server", b"llama.cpp")
_PREFLIGHT = [
    (b"content-type", b"text/html"),
    (b"content-length", b"0"),
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
]


class CommonHeaders:
    """ASGI middleware: name the server, echo the request's origin, answer OPTIONS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve with the common headers added."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin = Headers(scope=scope).get("origin", "").encode("latin-1")
        common = [_SERVER, (b"access-control-allow-origin", origin)]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *common]
            await send(message)

        if scope["method"] == "OPTIONS":
            await with_headers({"type": "http.response.start", "status": 200, "headers": _PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, with_headers)
