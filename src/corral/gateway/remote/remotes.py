"""The way to the servers that run models for this one: the connections to them, and who uses one."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import msgspec

from corral.core.errors import UnavailableError
from corral.gateway.preparation import in_thread
from corral.gateway.remote.answer import Answer
from corral.gateway.remote.failures import CONNECT_S, failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from corral.gateway.remote.target import Target

# Shorter than servers commonly keep an idle connection, so that none is closed just as it is used again.
_IDLE_S = 4.0
_N_IDLE = 20


class Question(msgspec.Struct, frozen=True):
    """A POST to `path` under a base URL. `headers` carry no key of anybody."""

    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Remotes:
    """One pool for all servers, made when it is needed first; it keeps the connections of each apart.

    It works below httpx's client, which would keep cookies, follow redirects, add headers of its own and read
    the environment. `transport` takes the place of the pool.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport
        self._making: asyncio.Task[httpx.AsyncBaseTransport] | None = None
        self._n_open = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._is_stopping = False

    @property
    def n_open(self) -> int:
        """How many requests are under way."""
        return self._n_open

    @contextlib.asynccontextmanager
    async def asked(self, target: Target, question: Question) -> AsyncIterator[Answer]:
        """Ask; entered when the head of the answer is here. Leaving before its end closes the connection.

        Raises BadGatewayError, GatewayTimeoutError, UnavailableError.
        """
        with self._counted():
            response = await self._ask(target, question)
            try:
                yield Answer(response, target, lambda: self._is_stopping)
            finally:
                await response.aclose()

    async def shutdown(self, *, within_s: float) -> None:
        """Let what is under way end in time, then cut it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._is_idle.wait()
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        self._is_stopping = True
        if self._making is not None and not self._making.done():
            self._making.cancel()
        if self._transport is not None:
            await self._transport.aclose()

    async def _ask(self, target: Target, question: Question) -> httpx.Response:
        if self._is_stopping:
            raise UnavailableError("The server is stopping")
        transport = await self._opened()
        import httpx  # noqa: PLC0415 - see _pool, which imported it already

        try:
            return await transport.handle_async_request(_request(target, question))
        except httpx.HTTPError as error:
            if self._is_stopping:
                raise UnavailableError("The server is stopping") from None
            raise failure(target, error) from None

    async def _opened(self) -> httpx.AsyncBaseTransport:
        """Return the transport, which takes a while to make: it reads all certificates."""
        if self._transport is None:
            if self._making is None:
                self._making = asyncio.create_task(in_thread(_pool), name="remotes")
            self._transport = await asyncio.shield(self._making)
        return self._transport

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._n_open += 1
        self._is_idle.clear()
        try:
            yield
        finally:
            self._n_open -= 1
            if not self._n_open:
                self._is_idle.set()


def _request(target: Target, question: Question) -> httpx.Request:
    import httpx  # noqa: PLC0415

    wait_s = target.timeout_s
    return httpx.Request(
        "POST",
        target.address(question.path, question.query),
        headers=[*question.headers, *target.credentials()],
        content=question.body,
        extensions={"timeout": {"connect": CONNECT_S, "read": wait_s, "write": wait_s, "pool": None}},
    )


def _pool() -> httpx.AsyncBaseTransport:
    # On a thread, and only where a model is remote: it takes a tenth of the whole start.
    import httpx  # noqa: PLC0415

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=_N_IDLE, keepalive_expiry=_IDLE_S)
    return httpx.AsyncHTTPTransport(trust_env=False, limits=limits)
