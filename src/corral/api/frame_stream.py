"""A stream of frames that are not an answer to a prompt: news, and how far a download is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from corral.api.connection import while_connected
from corral.api.sse import KEEP_ALIVE, error_frame
from corral.core.errors import CorralError

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


class FrameStream(Response):
    """Sends `frames` as they come and a comment after each `ping_s` of silence (None: never).

    It opens at once, so that a client knows that it is heard. A CorralError in mid-stream is the last frame.
    A client that leaves cancels what makes the frames.
    """

    def __init__(self, frames: AsyncIterator[bytes], *, ping_s: float | None) -> None:
        super().__init__()
        self._frames = frames
        self._ping_s = ping_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until there are no more frames."""
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS]})
        if scope["method"] != "HEAD":
            await while_connected(receive, self._run(send))
        await send({"type": "http.response.body", "body": b""})

    async def _run(self, send: Send) -> None:
        try:
            async for data in _with_pings(self._frames, self._ping_s):
                await _write(send, data)
        except CorralError as error:
            await _write(send, error_frame(error))


async def _write(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _with_pings(frames: AsyncIterator[bytes], ping_s: float | None) -> AsyncIterator[bytes]:
    following = _next(frames)
    try:
        while True:
            await asyncio.wait({following}, timeout=ping_s)
            if not following.done():
                yield KEEP_ALIVE
                continue
            data = following.result()
            if data is None:
                return
            yield data
            following = _next(frames)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _next(frames: AsyncIterator[bytes]) -> asyncio.Task[bytes | None]:
    async def step() -> bytes | None:
        return await anext(frames, None)

    return asyncio.create_task(step())
