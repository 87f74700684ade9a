"""Headers that every response carries, and the answer to OPTIONS on any path."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corral.core.settings import CorsSettings

_SERVER = (b"server", b"llama.cpp")
_LOCAL = ("localhost", "127.0.0.1", "::1")
_ALLOW_ORIGIN = b"access-control-allow-origin"
_VARIES = (b"vary", b"origin")

HeaderList = list[tuple[bytes, bytes]]


class CommonHeaders:
    """ASGI middleware: name the server, say which origin may read, answer OPTIONS."""

    def __init__(self, app: ASGIApp, cors: CorsSettings) -> None:
        self._app = app
        self._origins = AllowedOrigins(cors)
        self._preflight = _preflight(cors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve with the common headers added."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        common = [_SERVER, *self._origins.headers(Headers(scope=scope).get("origin", ""))]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *common]
            await send(message)

        if scope["method"] == "OPTIONS":
            await with_headers({"type": "http.response.start", "status": 200, "headers": self._preflight})
            await send({"type": "http.response.body", "body": b""})
            return
        await self._app(scope, receive, with_headers)


class AllowedOrigins:
    """`--cors-origins`: `*`, `localhost`, or origins separated by commas.

    `*` with credentials echoes the origin, as browsers take no star then. A list echoes its members, because
    browsers take one origin only; llama-server sends the list as it is.
    """

    def __init__(self, cors: CorsSettings) -> None:
        self._cors = cors
        self._listed = {origin.strip().rstrip("/") for origin in cors.origins.split(",")}

    def headers(self, origin: str) -> HeaderList:
        """Return what a request from `origin` (empty: it names none) is told."""
        echo = (_ALLOW_ORIGIN, origin.encode("latin-1"))
        if self._cors.origins == "*":
            return [echo] if self._cors.has_credentials else [(_ALLOW_ORIGIN, b"*")]
        is_local = self._cors.origins == "localhost" and is_localhost(origin)
        return [echo, _VARIES] if is_local or origin in self._listed - {""} else [_VARIES]


def is_localhost(origin: str) -> bool:
    """Tell whether a page comes from this machine."""
    try:
        return urlsplit(origin).hostname in _LOCAL
    except ValueError:
        return False


def _preflight(cors: CorsSettings) -> HeaderList:
    return [
        (b"content-type", b"text/html"),
        (b"content-length", b"0"),
        (b"access-control-allow-credentials", b"true" if cors.has_credentials else b"false"),
        (b"access-control-allow-methods", cors.methods.encode("latin-1")),
        (b"access-control-allow-headers", cors.headers.encode("latin-1")),
    ]
