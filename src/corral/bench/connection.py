"""One request and its answer on one connection of its own.

An `asyncio.Protocol` and not a stream reader: the answer's bytes reach their reader in the callback that
receives them, without waking a task for each token.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import TypeAlias

from corral.bench.errors import BenchError, StatusError, UnreachableError
from corral.bench.target import Target
from corral.bench.wire import AnswerReader

Receive: TypeAlias = Callable[[bytes, float], None]
"""Takes bytes of the body and when they came, in seconds of `time.perf_counter`."""

_OK = 200


class Exchange(asyncio.Protocol):
    """Owns one connection from its opening to the end of the answer."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._reader = AnswerReader()
        self._refusal = b""
        self._transport: asyncio.Transport | None = None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand on what `data` adds to the body."""
        now_s = time.perf_counter()
        try:
            body = self._reader.feed(data)
        except BenchError as error:
            self._end(error)
            return
        if self._reader.status != _OK:
            self._refusal += body
        elif body:
            self._receive(body, now_s)
        if self._reader.is_complete:
            self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange, well or badly; after its end this is our own close."""
        if self._ended.done():
            return
        if exc is not None:
            self._end(BenchError(f"the connection broke: {exc}"))
            return
        try:
            self._reader.end()
        except BenchError as error:
            self._end(error)
        else:
            self._end()

    async def send(self, request: bytes) -> float:
        """Send the request, wait for the end of the answer and return when it was sent, in seconds.

        Raises:
            StatusError: the answer has another status than 200.
            BenchError: a cut stream, a broken connection.
        """
        assert self._transport is not None
        sent_s = time.perf_counter()
        self._transport.write(request)
        await self._ended
        if self._reader.status != _OK:
            text = self._refusal.decode(errors="replace").strip()
            status = self._reader.status or 0
            raise StatusError(f"the server answered {status}: {text[:500]}", status=status)
        return sent_s

    def close(self) -> None:
        """Drop the connection; the server takes that as a cancel if it is still answering."""
        if self._transport is not None:
            self._transport.abort()

    def _end(self, error: BenchError | None = None) -> None:
        if self._ended.done():
            return
        if error is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(error)


async def open_exchange(target: Target, receive: Receive) -> Exchange:
    """Connect to the target; the caller closes the exchange.

    Raises:
        UnreachableError: nothing listens there, or TLS cannot be agreed.
    """
    loop = asyncio.get_running_loop()
    context = target.tls_context()
    try:
        _, exchange = await loop.create_connection(
            lambda: Exchange(receive), target.host, target.port, ssl=context
        )
    except OSError as error:
        raise UnreachableError(f"Cannot reach {target.name} at {target.url}: {error}.") from error
    return exchange


async def post(target: Target, path: str, body: bytes, *, timeout_s: float) -> bytes:
    """Post JSON and return the whole body of the answer.

    Raises:
        BenchError: as of `open_exchange` and `Exchange.send`.
        TimeoutError: the answer is not whole after `timeout_s` seconds.
    """
    parts: list[bytes] = []
    async with asyncio.timeout(timeout_s):
        exchange = await open_exchange(target, lambda part, _: parts.append(part))
        with contextlib.closing(exchange):
            await exchange.send(target.request_bytes(path, body))
    return b"".join(parts)
