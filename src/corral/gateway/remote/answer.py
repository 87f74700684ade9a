"""The answer of another server, as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corral.core.errors import UnavailableError
from corral.gateway.remote.failures import failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

    from corral.gateway.remote.target import Target

# More of an error's body is of no use to anybody.
MAX_ERROR_BYTES = 1024 * 1024


class Answer:
    """One answer, whose head is here. Iterating gives its body in the pieces in which it comes, as they are.

    `is_stopping` tells why a connection ended: because we closed it.
    """

    def __init__(self, response: httpx.Response, target: Target, is_stopping: Callable[[], bool]) -> None:
        self._response = response
        self._target = target
        self._is_stopping = is_stopping

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status_code

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """All headers in their order, names in lower case."""
        return [(name.lower(), value) for name, value in self._response.headers.raw]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces. Raises BadGatewayError, GatewayTimeoutError, UnavailableError."""
        import httpx  # noqa: PLC0415 - whoever has an answer has it; who serves no remote model does without

        assert isinstance(self._response.stream, httpx.AsyncByteStream)
        try:
            async for piece in self._response.stream:
                yield piece
        except httpx.HTTPError as error:
            if self._is_stopping():
                raise UnavailableError("The server is stopping") from None
            raise failure(self._target, error) from None

    async def error_body(self) -> bytes:
        """Return the body of an error, without our key. Raises as iterating does."""
        content = bytearray()
        async for piece in self:
            content += piece
            if len(content) > MAX_ERROR_BYTES:
                break
        return self._target.without_key(bytes(content[:MAX_ERROR_BYTES]))
