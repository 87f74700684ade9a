"""The client at the other end: work for it stops when it leaves."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
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


async def within(timeout_s: float, work: Awaitable[_T]) -> _T:
    """Return what `work` returns. Raises TimeoutError when it has to wait for longer.

    Work that need not wait, such as a write to a socket that takes it, is spared the timer, which would cost
    more than all else on its way.
    """
    steps = work.__await__()
    try:
        awaited = next(steps)
    except StopIteration as done:
        result: _T = done.value
        return result
    async with asyncio.timeout(timeout_s):
        return await _rest(steps, awaited)


@types.coroutine
def _rest(steps: Generator[Any, Any, _T], awaited: Any) -> Generator[Any, Any, _T]:  # noqa: ANN401 - the loop's
    """Go on with an awaitable that began to wait for `awaited`, as `await` would have."""
    while True:
        go_on: Callable[[], Any]
        try:
            go_on = partial(steps.send, (yield awaited))
        except BaseException as error:  # noqa: BLE001 - whose it is: a cancellation, above all
            go_on = partial(steps.throw, error)
        try:
            awaited = go_on()
        except StopIteration as done:
            result: _T = done.value
            return result
