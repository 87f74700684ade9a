"""Header names as llama-server writes them, for clients that compare the letters."""

from __future__ import annotations

import functools

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HeaderList = list[tuple[bytes, bytes]]

# What uvicorn itself looks for: it must find these in lower case.
_READ_BY_THE_SERVER = frozenset({b"content-length", b"transfer-encoding", b"connection"})


class SpelledHeaders:
    """ASGI application around another: names go out in capitals as usual, `Content-Type`.

    RFC 9110 5.1 leaves the letters' case free; llama-server's own tests look names up in a plain dict. This
    belongs directly under uvicorn, which writes `name.lower()`; in-process clients need no letters.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def spelling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": spelled(message.get("headers", []))}
            await send(message)

        await self._app(scope, receive, spelling)


class _Spelled(bytes):
    """A name that is written as it is: its lower case is itself."""

    __slots__ = ()

    def lower(self) -> bytes:
        """Return the name itself."""
        return self


def spelled(headers: HeaderList) -> HeaderList:
    """Return headers with their names in capitals as usual."""
    return [(_spelled(bytes(name)), value) for name, value in headers]


@functools.lru_cache(maxsize=256)
def _spelled(name: bytes) -> bytes:
    if name.lower() in _READ_BY_THE_SERVER:
        return name
    return _Spelled(b"-".join(part.capitalize() for part in name.split(b"-")))
