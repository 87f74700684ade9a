"""The tiers behind the KV cells, as ledger and scheduler see them. Owned by the loop's thread.

cells  --a sequence gives way-->  host  --the budget is spent, or the engine ends-->  disk
cells  <--a copy of the state--   host  <--the file is read, then the request goes on--  disk
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from corral.engine.ports import State
from corral.engine.prefixes import Space
from corral.engine.radix import Match, Tokens
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.disk import DiskTier
from corral.engine.tiers.host import HostTier

MIN_TOKENS = 64  # what is shorter is recomputed sooner than it is looked after


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """File number `number` was read; without a blob it is of no use."""

    number: int
    blob: Blob | None


@dataclass(slots=True)
class TierCounts:
    """Prompt tokens that came from each tier, and what the tiers hold."""

    n_from_host: int = 0
    n_from_disk: int = 0
    n_kept: int = 0


class Tiers:
    """Host memory, and behind it a disk or nothing."""

    def __init__(self, host: HostTier, disk: DiskTier | None = None) -> None:
        self._host = host
        self._disk = disk
        self.counts = TierCounts()

    @property
    def n_bytes(self) -> tuple[int, int]:
        """Bytes held in main memory and on disk."""
        return self._host.n_bytes, 0 if self._disk is None else self._disk.n_bytes

    def is_wanted(self, space: Space, tokens: Tokens) -> bool:
        """Whether a copy of `tokens` that is about to go would be of use."""
        if len(tokens) < MIN_TOKENS or self._host.has(space, tokens):
            return False
        return self._host.fits(1) or self._disk is not None

    def keep(self, space: Space, tokens: Tokens, state: State) -> None:
        """Hold the state of a sequence that held exactly `tokens`."""
        self.counts.n_kept += 1
        self._spill(self._host.put(Blob(space, tokens, state)))

    def match(self, space: Space, tokens: Tokens) -> Match:
        """Return the longest prefix that host memory has, and which blobs do."""
        return self._host.match(space, tokens)

    def take(self, match: Match) -> Blob:
        """Return one of the blobs of a `match`."""
        self.counts.n_from_host += match.n_tokens
        return self._host.take(match.holders)

    def fetch(self, space: Space, tokens: Tokens, n_held: int, then: Callable[[Arrival], None]) -> bool:
        """Begin to read a file that holds more of `tokens` than `n_held`; False where there is none.

        `then` is called on another thread, once; hand what it gets to `arrived`.
        """
        if self._disk is None:
            return False
        match = self._disk.match(space, tokens)
        if match.n_tokens < n_held + MIN_TOKENS:
            return False
        number = min(match.holders)
        self._disk.read(number, space, lambda blob: then(Arrival(number, blob)))
        return True

    def arrived(self, arrival: Arrival) -> None:
        """Take what was read."""
        if arrival.blob is None:
            assert self._disk is not None
            self._disk.forget(arrival.number)
            return
        self.counts.n_from_disk += len(arrival.blob.tokens)
        self._spill(self._host.put(arrival.blob))

    def close(self) -> None:
        """Bring all to disk, if there is one, and wait until it is there."""
        if self._disk is not None:
            self._spill(self._host.clear())
            self._disk.close()

    def _spill(self, blobs: list[Blob]) -> None:
        if self._disk is not None:
            for blob in blobs:
                self._disk.write(blob)
