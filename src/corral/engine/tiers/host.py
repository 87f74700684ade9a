"""The host tier: prefixes in main memory, within a budget of bytes."""

from __future__ import annotations

import itertools

from corral.engine.prefixes import NO_MATCH, PrefixIndex, Space
from corral.engine.radix import Match, Tokens
from corral.engine.tiers.blob import Blob


class HostTier:
    """Owner of the blobs. Evicts what is worth least, GreedyDual: least recently used, weighted by cost.

    Source: Cao and Irani 1997, "Cost-aware WWW proxy caching algorithms": each entry has the age of the tier
    when it was last used plus its cost by size; the age is the value of the last one that was evicted.
    `budget_bytes` None: no bound. Without `is_trimmable` a blob is of use as a whole only.
    """

    def __init__(self, budget_bytes: int | None, *, is_trimmable: bool = True) -> None:
        self._budget_bytes = budget_bytes
        self._is_trimmable = is_trimmable
        self._index = PrefixIndex()
        self._blobs: dict[int, Blob] = {}
        self._values: dict[int, float] = {}
        self._age = 0.0
        self._ids = itertools.count()
        self.n_bytes = 0

    def __len__(self) -> int:
        return len(self._blobs)

    def has(self, space: Space, tokens: Tokens) -> bool:
        """Whether all of `tokens` are held, so that a copy would add nothing."""
        found = self._index.match(space, tokens)
        if found.n_tokens < len(tokens):
            return False
        return self._is_trimmable or any(len(self._blobs[h].tokens) == len(tokens) for h in found.holders)

    def match(self, space: Space, tokens: Tokens) -> Match:
        """Return the longest prefix of `tokens` that a blob gives, and which blobs do."""
        found = self._index.match(space, tokens)
        if self._is_trimmable or not found.n_tokens:
            return found
        # A whole blob may be shorter than the longest match: each that lies on the path is a candidate.
        whole = {h: len(b.tokens) for h, b in self._blobs.items() if self._is_whole(b, space, tokens)}
        n_most = max(whole.values(), default=0)
        return Match(n_most, frozenset(h for h, n in whole.items() if n == n_most)) if n_most else NO_MATCH

    def take(self, holders: frozenset[int]) -> Blob:
        """Return one of these blobs, used just now. It stays."""
        holder = min(holders)
        self._touch(holder)
        return self._blobs[holder]

    def fits(self, n_bytes: int) -> bool:
        """Whether so many bytes could be put at all."""
        return self._budget_bytes is None or n_bytes <= self._budget_bytes

    def put(self, blob: Blob) -> list[Blob]:
        """Hold `blob` in place of those that it covers; return who had to go, itself if it does not fit."""
        if not self.fits(blob.n_bytes):
            return [blob]
        if self._is_trimmable:
            for holder in [h for h, other in self._blobs.items() if other.is_within(blob)]:
                self._drop(holder)
        evicted = self._make_room(blob.n_bytes)
        holder = next(self._ids)
        self._blobs[holder] = blob
        self._index.put(holder, blob.space, blob.tokens)
        self._touch(holder)
        self.n_bytes += blob.n_bytes
        return evicted

    def clear(self) -> list[Blob]:
        """Let go of all, worth most first."""
        order = sorted(self._blobs, key=self._values.__getitem__, reverse=True)
        return [self._drop(holder) for holder in order]

    def check(self) -> None:
        """Assert the invariants: each blob indexed under its tokens, the bytes add up within the budget."""
        self._index.check()
        assert self._values.keys() == self._blobs.keys()
        assert self.n_bytes == sum(blob.n_bytes for blob in self._blobs.values())
        assert self._budget_bytes is None or self.n_bytes <= self._budget_bytes
        for holder, blob in self._blobs.items():
            assert self._index.space(holder) == blob.space
            assert (self._index.tokens(holder) == blob.tokens).all()

    def _is_whole(self, blob: Blob, space: Space, tokens: Tokens) -> bool:
        n = len(blob.tokens)
        return blob.space.key == space.key and n <= len(tokens) and bool((tokens[:n] == blob.tokens).all())

    def _touch(self, holder: int) -> None:
        self._values.pop(holder, None)  # to the end: of equal values the one that waits longest goes
        self._values[holder] = self._age + self._blobs[holder].worth

    def _make_room(self, n_bytes: int) -> list[Blob]:
        evicted = []
        while self._budget_bytes is not None and self.n_bytes + n_bytes > self._budget_bytes:
            holder = min(self._values, key=self._values.__getitem__)
            self._age = self._values[holder]
            evicted.append(self._drop(holder))
        return evicted

    def _drop(self, holder: int) -> Blob:
        blob = self._blobs.pop(holder)
        del self._values[holder]
        self._index.remove(holder)
        self.n_bytes -= blob.n_bytes
        return blob
