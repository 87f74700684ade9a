"""The client at the other end: work for it stops when it leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

_T = TypeVar("_T")


class ClientGoneError(ConnectionError):
    """The client closed the connection; there is nobody to answer."""


async def disconnected(receive: Receive) -> None:
    """Return when the client has left. The body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def while_connected(
    receive: Receive, work: Awaitable[_T], gone: Coroutine[Any, Any, None] | None = None
) -> _T:
    """Return what `work` returns; cancel it and raise ClientGoneError when the client leaves first.

    `gone` ends when the client has left; by default that is all it watches for.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(gone or disconnected(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGoneError
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)
