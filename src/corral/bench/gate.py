"""Who waits for whom in a load of several scenarios."""

from __future__ import annotations

import asyncio


class Gate:
    """Opens once each of `n_parties` has arrived; open from the start for none."""

    def __init__(self, n_parties: int) -> None:
        self._missing = set(range(n_parties))
        self._open = asyncio.Event()
        self._settle()

    def arrive(self, party: int) -> None:
        """Note that a party, counted from 0, has arrived; again is no more than once."""
        self._missing.discard(party)
        self._settle()

    async def wait(self) -> None:
        """Return once all have arrived."""
        await self._open.wait()

    def _settle(self) -> None:
        if not self._missing:
            self._open.set()
