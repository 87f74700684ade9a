"""Who may ask the model now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class FullLineError(Exception):
    """As many as may wait are waiting."""


class Turnstile:
    """Lets through one at a time of each chain and `n_at_once` in all; `n_waiting` more may stand in line.

    A chain is known by the id of its oldest message.
    """

    def __init__(self, n_at_once: int, n_waiting: int) -> None:
        self._places = asyncio.Semaphore(n_at_once)
        self._n_most = n_at_once + n_waiting
        self._n_inside = 0
        # A lock lives as long as somebody holds it or waits for it.
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, chain_id: int) -> AsyncIterator[None]:
        """Wait for a turn and hold it; raises FullLineError at once. Whoever is cancelled leaves the line."""
        if self._n_inside >= self._n_most:
            raise FullLineError(f"{self._n_inside} generations run or wait.")
        lock = self._locks.setdefault(chain_id, asyncio.Lock())
        self._n_inside += 1
        try:
            async with lock, self._places:  # the chain first: a place is not for waiting in
                yield
        finally:
            self._n_inside -= 1
