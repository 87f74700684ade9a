"""Server-sent events: framing, idle keep-alive, errors in mid-stream, and a client that leaves."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from corral.api.connection import disconnected, while_connected
from corral.api.errors import to_object
from corral.api.generation.events import submitted
from corral.api.generation.request import Ask
from corral.api.ports import DoorPort
from corral.core import log
from corral.core.errors import CorralError, InternalError
from corral.core.outcome import PromptProgress, SequenceOutput, SequenceStart

_log = log.get("api.sse")

KEEP_ALIVE = b":\n\n"
DONE = b"data: [DONE]\n\n"

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]

encode = msgspec.json.Encoder().encode


class Shaper(Protocol):
    """Turns events into the frames of one dialect. Returns b"" where nothing is to be sent."""

    def start(self, ask: Ask, start: SequenceStart) -> bytes:
        """Return what announces a sequence."""
        ...

    def output(self, ask: Ask, output: SequenceOutput) -> bytes:
        """Return the frames of one output; the last output also brings what ends the sequence."""
        ...

    def progress(self, ask: Ask, progress: PromptProgress) -> bytes:
        """Return what tells how far a prompt is."""
        ...

    def close(self) -> bytes:
        """Return what ends the stream, also after an error."""
        ...


@runtime_checkable
class Concluding(Protocol):
    """A shaper with more to ask of the engine once all sequences ended well."""

    async def conclude(self) -> bytes:
        """Return what comes before the close. Raises CorralError."""
        ...


def frame(content: object) -> bytes:
    """Return one event; JSON has no line breaks of its own."""
    return b"data: %b\n\n" % encode(content)


def named_frame(content: Mapping[str, object]) -> bytes:
    """Return one event under the name that its `type` says."""
    return b"event: %b\ndata: %b\n\n" % (str(content["type"]).encode(), encode(content))


def error_frame(error: CorralError) -> bytes:
    """Return the event of an error in mid-stream.

    Older llama.cpp clients read the `error:` line, newer ones and OpenAI's the `data:` line; its extra keys
    keep clients that only add up `content` from showing "undefined".
    """
    shown = to_object(error)
    return b"error: %b\ndata: %b\n\n" % (
        encode(shown),
        encode({"error": shown, "content": "", "stop": True}),
    )


class EventStream(Response):
    """Runs the generations of one body and streams their frames.

    The status line waits for the first event, so that a refused request is a plain JSON error; only when
    that takes longer than the keep-alive interval does the stream open before. None: silence is never broken.
    Every way out, the client's leaving included, cancels what still runs.
    """

    def __init__(
        self,
        door: DoorPort,
        asks: list[Ask],
        shaper: Shaper,
        *,
        keep_alive_s: float | None,
        to_error: Callable[[CorralError], bytes] = error_frame,
    ) -> None:
        super().__init__()
        self._door = door
        self._to_error = to_error
        self._asks = asks
        self._shaper = shaper
        self._keep_alive_s = math.inf if keep_alive_s is None else keep_alive_s
        self._is_open = False
        self._last_sent_s = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Stream until all sequences end. Raises what happens before the stream is open."""
        await while_connected(receive, self._run(send), self._watch(receive, send))

    async def _run(self, send: Send) -> None:
        try:
            await self._pump(send)
            if isinstance(self._shaper, Concluding):
                await self._write(send, await self._shaper.conclude())
        except OSError:  # the server's way of saying that the client is gone
            return
        except Exception as error:
            if not self._is_open:
                raise
            await self._write(send, self._to_error(_understood(error)))
        await self._write(send, self._shaper.close(), is_last=True)

    async def _pump(self, send: Send) -> None:
        shaper = self._shaper
        async with submitted(self._door, self._asks) as events:
            async for ask, event in events:
                if type(event) is SequenceOutput:
                    data = shaper.output(ask, event)
                    if data:
                        await self._write(send, data)
                elif isinstance(event, SequenceStart):
                    await self._write(send, shaper.start(ask, event))
                elif isinstance(event, PromptProgress):
                    await self._write(send, shaper.progress(ask, event))

    async def _write(self, send: Send, data: bytes, *, is_last: bool = False) -> None:
        if not self._is_open:
            self._is_open = True
            await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS]})
        self._last_sent_s = time.monotonic()
        await send({"type": "http.response.body", "body": data, "more_body": not is_last})

    async def _watch(self, receive: Receive, send: Send) -> None:
        """Return when the client leaves; until then, break every silence with a comment."""
        leaving = asyncio.ensure_future(disconnected(receive))
        try:
            while not leaving.done():
                silence_s = time.monotonic() - self._last_sent_s
                if silence_s >= self._keep_alive_s:
                    await self._write(send, KEEP_ALIVE)
                    continue
                await asyncio.wait({leaving}, timeout=_finite(self._keep_alive_s - silence_s))
        finally:
            leaving.cancel()


def _finite(timeout_s: float) -> float | None:
    return None if timeout_s == math.inf else timeout_s


def _understood(error: Exception) -> CorralError:
    if isinstance(error, CorralError):
        return error
    _log.error("stream.fault", exc_info=True)
    return InternalError("Internal server error")
