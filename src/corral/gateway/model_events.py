"""The changes of state of all models, for whoever watches."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from corral.core.model_view import ModelEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from corral.core.model_view import ModelState

N_WAITING = 1000  # events that a slow reader may be behind; then it misses the oldest


class ModelEvents:
    """Where states are told. Neither waits nor fails for a reader; equal news is told once."""

    def __init__(self) -> None:
        self._n = 0
        self._last: dict[str, tuple[ModelState, float | None, str]] = {}
        self._queues: set[asyncio.Queue[ModelEvent | None]] = set()
        self._is_closed = False

    def tell(self, model: str, state: ModelState, *, progress: float | None = None, reason: str = "") -> None:
        """Tell that `model` is in `state` now; progress is told in whole percents."""
        news = (state, None if progress is None else round(progress, 2), reason)
        if self._last.get(model) == news:
            return
        self._last[model] = news
        self._n += 1
        event = ModelEvent(n=self._n, model=model, state=state, progress=news[1], reason=reason)
        self._put(event)

    def close(self) -> None:
        """Let every reader come to the end, so that none holds up that of the server."""
        self._is_closed = True
        self._put(None)

    async def follow(self) -> AsyncIterator[ModelEvent]:
        """Yield what is told from the first step of the iteration on, until all is closed."""
        if self._is_closed:
            return
        with self._queue() as queue:
            while (event := await queue.get()) is not None:
                yield event

    def _put(self, event: ModelEvent | None) -> None:
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    @contextlib.contextmanager
    def _queue(self) -> Iterator[asyncio.Queue[ModelEvent | None]]:
        queue: asyncio.Queue[ModelEvent | None] = asyncio.Queue(N_WAITING)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)
