"""The tiers behind the KV cells, as ledger and scheduler see them. Owned by the loop's thread.

cells  --a sequence gives way-->  host  --the budget is spent-->  disk
cells  <--a copy of the state--   host  <--the file is read, then the request goes on--  disk
cells, host  --the engine ends-->  disk

Without a disk of its own a model has a place in main memory for the last of these (`DiskTier.is_parking`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from weakref import WeakSet

from corral.engine.ports import State
from corral.engine.prefixes import Space
from corral.engine.radix import Match, Tokens
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.checkpoints import Checkpoints
from corral.engine.tiers.disk import Cancel, DiskTier, Then
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.legacy import Legacy

MIN_TOKENS = 64  # what is shorter is recomputed sooner than it is looked after


@dataclass(frozen=True, slots=True)
class Find:
    """File number `number` holds more of a prompt than is held; `space` has what is read."""

    number: int
    space: Space


@dataclass(slots=True)
class TierCounts:
    """Prompt tokens that came from host memory, those of them that came there from disk, and states kept."""

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
        self._n_too_many: int | None = None  # so many tokens did not fit: they could not be used from disk
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
        return self.has_host

    def keep(self, space: Space, tokens: Tokens, state: State) -> None:
        """Hold the state of a sequence that held exactly `tokens`."""
        blob = self._fitting(space, tokens, state)
        if blob is not None:
            self.counts.n_kept += 1
            self._spill(self._host.put(blob))

    def is_worth_leaving(self, space: Space, tokens: Tokens) -> bool:
        """Whether a copy of `tokens` would be of use to the next start, as this engine ends."""
        if self._legacy is None or not self.is_wanted(space, tokens):
            return False
        return self._legacy.is_wanted(space, tokens)

    def leave(self, space: Space, tokens: Tokens, state: State) -> None:
        """Bring to disk what host memory, which is about to go, need not hold. What is worth most first."""
        blob = self._fitting(space, tokens, state)
        if blob is not None and self._legacy is not None:
            self._legacy.add(blob)

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
        return self._host.take(match.holders)

    def taken(self, blob: Blob, n_tokens: int) -> None:
        """Count a blob of which `n_tokens` are in cells now."""
        self.counts.n_from_host += n_tokens
        if n_tokens and blob in self._landed:
            self._landed.discard(blob)
            self.counts.n_from_disk += n_tokens

    def find(self, space: Space, tokens: Tokens, n_held: int) -> Find | None:
        """Return a file that holds more of `tokens` than `n_held`, if it is worth reading."""
        if self._disk is None:
            return None
        match = self._disk.match(space, tokens)
        if match.n_tokens < n_held + MIN_TOKENS:
            return None
        number = min(match.holders)
        if not self._host.fits(self._disk.size(number)):
            return None
        # What lies behind the match may be no longer public, or not yet.
        return Find(number, replace(space, n_public=min(space.n_public, match.n_tokens)))

    def read(self, find: Find, then: Then) -> Cancel:
        """Have a file read; `then` is called on another thread, once: hand what it gets to `arrived`."""
        assert self._disk is not None
        return self._disk.read(find.number, find.space, then)

    def arrived(self, blob: Blob | None) -> None:
        """Take what was read; None: the file was of no use."""
        if blob is not None:
            self._landed.add(blob)
            self._spill(self._host.put(blob))

    def close(self) -> None:
        """Bring what host memory holds to disk, if there is one, and wait until it is there."""
        if self._legacy is not None:
            for blob in self._host.clear():
                self._legacy.add(blob)
        if self._disk is not None:
            self._disk.close()

    @cached_property
    def _legacy(self) -> Legacy | None:
        """What goes to disk as the engine ends, from when that begins; None: nothing does."""
        return None if self._disk is None or self._disk.is_gone else Legacy(self._disk)

    def _fitting(self, space: Space, tokens: Tokens, state: State) -> Blob | None:
        """Return what can be held, and read from disk to be held again; what cannot is not copied twice."""
        blob = Blob(space, tokens, state)
        if self._host.fits(blob.n_bytes):
            return blob
        self._n_too_many = len(tokens)
        return None

    def _spill(self, blobs: list[Blob]) -> None:
        """Hand to the disk what host memory let go of; a disk that is behind goes without."""
        if self._disk is not None and not self._disk.is_parking:
            for blob in blobs:
                if not self._disk.is_behind:
                    self._disk.write(blob)
