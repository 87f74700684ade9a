"""The tiers behind the KV cells, as ledger and scheduler see them. Owned by the loop's thread.

cells  --a sequence gives way-->  host  --the budget is spent, or the engine ends-->  disk
cells  <--a copy of the state--   host  <--the file is read, then the request goes on--  disk
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from weakref import WeakSet

from corral.engine.ports import State
from corral.engine.prefixes import Space
from corral.engine.radix import Match, Tokens
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.checkpoints import Checkpoints
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
    """Prompt tokens that came from each tier, and how many states were kept."""

    n_from_host: int = 0
    n_from_disk: int = 0
    n_kept: int = 0


class Tiers:
    """Host memory, and behind it a disk or nothing. `checkpoints`: which states are kept on the way."""

    def __init__(
        self, host: HostTier, disk: DiskTier | None = None, checkpoints: Checkpoints | None = None
    ) -> None:
        self._host = host
        self._disk = disk
        self._landed: WeakSet[Blob] = WeakSet()  # from disk, and not yet of use
        self._n_too_many: int | None = None  # so many tokens did not fit, with no disk behind
        self.checkpoints = checkpoints or Checkpoints()
        self.counts = TierCounts()

    @property
    def has_host(self) -> bool:
        """Whether host memory holds anything."""
        return self._host.fits(1)

    @property
    def n_bytes(self) -> tuple[int, int]:
        """Bytes held in main memory and on disk."""
        return self._host.n_bytes, 0 if self._disk is None else self._disk.n_bytes

    def is_wanted(self, space: Space, tokens: Tokens) -> bool:
        """Whether a copy of `tokens` that is about to go would be of use."""
        if len(tokens) < MIN_TOKENS or self._host.has(space, tokens):
            return False
        if self._n_too_many is not None and len(tokens) >= self._n_too_many:
            return False
        return self.has_host or self._disk is not None

    def keep(self, space: Space, tokens: Tokens, state: State) -> None:
        """Hold the state of a sequence that held exactly `tokens`."""
        blob = Blob(space, tokens, state)
        if self._disk is None and not self._host.fits(blob.n_bytes):
            self._n_too_many = len(tokens)
            return
        self.counts.n_kept += 1
        self._spill(self._host.put(blob))

    def thin(self, space: Space, tokens: Tokens, n_most: int) -> None:
        """Keep no more than `n_most` states of beginnings of `tokens` in host memory."""
        self._host.thin(space, tokens, n_most)

    def reject(self, blob: Blob) -> None:
        """Let go of a blob whose state memory did not take, here and on disk."""
        self._host.remove(blob)
        if self._disk is not None:
            match = self._disk.match(blob.space, blob.tokens)
            if match.n_tokens == len(blob.tokens):
                self._disk.forget(min(match.holders))

    def match(self, space: Space, tokens: Tokens) -> Match:
        """Return the longest prefix that host memory has, and which blobs do."""
        return self._host.match(space, tokens)

    def take(self, match: Match) -> Blob:
        """Return one of the blobs of a `match`."""
        blob = self._host.take(match.holders)
        if blob in self._landed:
            self._landed.discard(blob)
            self.counts.n_from_disk += match.n_tokens
        else:
            self.counts.n_from_host += match.n_tokens
        return blob

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
        if not self._host.fits(self._disk.size(number)):
            return False
        # What lies behind the match may be no longer public, or not yet.
        holder = replace(space, n_public=min(space.n_public, match.n_tokens))
        self._disk.read(number, holder, lambda blob: then(Arrival(number, blob)))
        return True

    def arrived(self, arrival: Arrival) -> None:
        """Take what was read."""
        if arrival.blob is None:
            assert self._disk is not None
            self._disk.forget(arrival.number)
            return
        self._landed.add(arrival.blob)
        self._spill(self._host.put(arrival.blob))

    def close(self) -> None:
        """Bring all to disk, if there is one, and wait until it is there."""
        if self._disk is not None:
            for blob in self._host.clear():
                self._disk.write(blob)
            self._disk.close()

    def _spill(self, blobs: list[Blob]) -> None:
        """Hand to the disk what host memory let go of; a disk that is behind goes without."""
        if self._disk is not None:
            for blob in blobs:
                if not self._disk.is_behind:
                    self._disk.write(blob)
