"""How tasks wait for a change of what one owner holds, without looking again and again."""

from __future__ import annotations

import asyncio
import contextlib


class Pulse:
    """Wakes whoever waits for the next change. Who looks, and then waits without a pause, misses none."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def beat(self) -> None:
        """Wake everybody. Costs nothing where nobody waits."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def next(self, within_s: float | None) -> None:
        """Return at the next beat, or when the time is over; None: however long it takes."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await future
        finally:
            self._waiting.discard(future)
