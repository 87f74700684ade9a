"""The gateway's end of one request: its outputs in order, then the end or an error."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self

from corral.core.errors import UnavailableError
from corral.core.outcome import SequenceStart

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from corral.core.errors import CorralError
    from corral.core.outcome import PromptProgress, SequenceOutput
    from corral.core.request import GenerationRequest
    from corral.gateway.charge import Charge


class Generation:
    """What one request gives back, for one reader.

    Enter it (`async with`) to submit the request: that may wait while a crashed engine restarts, and raises
    `UnavailableError` or one of its kind when the request is not taken. Iterate for `SequenceStart`,
    `PromptProgress` (if wanted) and `SequenceOutput`, in the engine's order; iteration ends after the
    engine's `Finished` and raises the `CorralError` of its `Failed`. Leaving before the end cancels the
    request at once.

    `enter` submits, `leave` is called when the reader goes before the end. The gateway feeds `put`, and then
    exactly one of `finish` and `fail`. `charge` counts for its caller's quota, None where there is none.
    """

    __slots__ = (
        "_enter",
        "_error",
        "_items",
        "_leave",
        "_waiter",
        "charge",
        "has_left",
        "has_started",
        "is_over",
        "request",
    )

    def __init__(
        self,
        request: GenerationRequest,
        enter: Callable[[Generation], Awaitable[None]],
        leave: Callable[[Generation], None],
    ) -> None:
        self.request = request
        self.has_started = False
        self.has_left = False
        self.is_over = False
        self.charge: Charge | None = None
        self._enter = enter
        self._leave = leave
        self._items: deque[SequenceStart | PromptProgress | SequenceOutput] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._error: CorralError | None = None

    async def __aenter__(self) -> Self:
        await self._enter(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.has_left = True
        self._items.clear()
        if not self.is_over:
            self._leave(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SequenceStart | PromptProgress | SequenceOutput:
        items = self._items
        while not items:
            if self.is_over:
                raise self._error or StopAsyncIteration
            assert self._waiter is None, "a generation has one reader"
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return items.popleft()

    def withdraw(self) -> None:
        """Count nothing of it from now on: it is left because another of the same body was refused."""
        if self.charge is not None:
            self.charge.withdraw()
            self.charge = None

    def put(self, item: SequenceStart | PromptProgress | SequenceOutput) -> None:
        """Hand the reader one more item. Dropped once the reader has left."""
        assert not self.is_over, "an output after the end"
        if self.charge is not None:
            self.charge.saw(item)
        if self.has_left:
            return
        if type(item) is SequenceStart:
            self.has_started = True
        self._items.append(item)
        self._wake()

    def finish(self) -> None:
        """End the iteration after the items handed over so far."""
        assert not self.is_over, "a request ends once"
        self.is_over = True
        if self.charge is not None:
            self._settle(self.charge)
        self._wake()

    def fail(self, error: CorralError) -> None:
        """Raise `error` in the reader after the items handed over so far."""
        self._error = error
        self.finish()

    def _settle(self, charge: Charge) -> None:
        """Count a request that the engine had no place for as if it had not come."""
        if not self.has_started and isinstance(self._error, UnavailableError):
            charge.withdraw()
        else:
            charge.close()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
