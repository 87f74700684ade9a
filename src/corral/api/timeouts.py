"""A socket that does not move: `--timeout` bounds one read of a request body and one write of an answer."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corral.api.connection import ClientGoneError, within
from corral.api.errors import BodyTimeoutError


class SocketTimeouts:
    """ASGI middleware: give up a client that neither sends what it announced nor takes what it asked for.

    Waiting for the model is not bounded, nor is waiting for a client to leave.
    """

    def __init__(self, app: ASGIApp, timeout_s: float) -> None:
        self._app = app
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve with bounded reads and writes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_body = True

        async def bounded_receive() -> Message:
            nonlocal has_body
            if not has_body:
                return await receive()
            try:
                async with asyncio.timeout(self._timeout_s):
                    message = await receive()
            except TimeoutError:
                raise BodyTimeoutError(f"No more of the body came within {self._timeout_s:g} s") from None
            has_body = message.get("more_body", False)
            return message

        async def bounded_send(message: Message) -> None:
            try:
                await within(self._timeout_s, send(message))
            except TimeoutError:
                raise ClientGoneError from None

        await self._app(scope, bounded_receive, bounded_send)
