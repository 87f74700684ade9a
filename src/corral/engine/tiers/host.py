"""The host tier: prefixes in main memory, within a budget of bytes."""

from __future__ import annotations

import heapq
import itertools
from collections import deque

from corral.engine.prefixes import NO_MATCH, PrefixIndex, Space
from corral.engine.radix import Match, Tokens
from corral.engine.tiers.blob import Blob

SPARE_ORDERS = 64  # outdated entries of the order that are not worth clearing


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
        self._values: dict[int, tuple[float, int]] = {}  # and when it was given
        self._order: list[tuple[float, int, int]] = []  # a heap of those, and of some that were replaced
        self._age = 0.0
        self._ids = itertools.count()
        self._uses = itertools.count()
        self.n_bytes = 0

    def __len__(self) -> int:
        return len(self._blobs)

    def has(self, space: Space, tokens: Tokens) -> bool:
        """Whether all of `tokens` are held, so that a copy would add nothing."""
        return self.match(space, tokens).n_tokens == len(tokens)

    def match(self, space: Space, tokens: Tokens) -> Match:
        """Return the longest prefix of `tokens` that a blob gives, and one that does."""
        if self._is_trimmable:
            return self._index.match(space, tokens, n_most=1)
        whole = deque(self._index.within(space, tokens), maxlen=1)
        return Match(whole[0][1], frozenset({whole[0][0]})) if whole else NO_MATCH

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
        for holder in self._covered(blob):
            self._drop(holder)
        evicted = self._make_room(blob.n_bytes)
        holder = next(self._ids)
        self._blobs[holder] = blob
        self._index.put(holder, blob.space, blob.tokens)
        self._touch(holder)
        self.n_bytes += blob.n_bytes
        return evicted

    def remove(self, blob: Blob) -> None:
        """Let go of `blob`, if it is still held."""
        within = self._index.within(blob.space, blob.tokens)
        for holder in [holder for holder, _ in within if self._blobs[holder] is blob]:
            self._drop(holder)

    def thin(self, space: Space, tokens: Tokens, n_most: int) -> None:
        """Of the blobs of beginnings of `tokens` keep the `n_most` that are worth most."""
        along = sorted((self._values[holder], holder) for holder, _ in self._index.within(space, tokens))
        for _, holder in along[: max(0, len(along) - n_most)]:
            self._drop(holder)

    def clear(self) -> list[Blob]:
        """Let go of all, worth most first."""
        order = sorted(self._blobs, key=self._values.__getitem__, reverse=True)
        return [self._drop(holder) for holder in order]

    def check(self) -> None:
        """Assert the invariants: each blob indexed under its tokens, the bytes add up within the budget."""
        self._index.check()
        assert self._values.keys() == self._blobs.keys()
        assert {(*value, holder) for holder, value in self._values.items()} <= set(self._order)
        assert len(self._order) <= 2 * len(self._blobs) + SPARE_ORDERS
        assert self.n_bytes == sum(blob.n_bytes for blob in self._blobs.values())
        assert self._budget_bytes is None or self.n_bytes <= self._budget_bytes
        for holder, blob in self._blobs.items():
            assert self._index.space(holder) == blob.space
            assert (self._index.tokens(holder) == blob.tokens).all()

    def _covered(self, blob: Blob) -> list[int]:
        """Return who gives nothing that `blob` does not give to the same readers."""
        n_least = 0 if self._is_trimmable else len(blob.tokens)
        within = self._index.within(blob.space, blob.tokens)
        return [h for h, n in within if n >= n_least and self._index.space(h) == blob.space]

    def _touch(self, holder: int) -> None:
        """Give a blob the value that it has now; of equal ones that of the longest ago is the least."""
        self._values[holder] = value = (self._age + self._blobs[holder].worth, next(self._uses))
        heapq.heappush(self._order, (*value, holder))
        self._tidy()

    def _tidy(self) -> None:
        if len(self._order) > 2 * len(self._values) + SPARE_ORDERS:
            self._order = [(*value, holder) for holder, value in self._values.items()]
            heapq.heapify(self._order)

    def _make_room(self, n_bytes: int) -> list[Blob]:
        evicted = []
        while self._budget_bytes is not None and self.n_bytes + n_bytes > self._budget_bytes:
            value, use, holder = heapq.heappop(self._order)
            if self._values.get(holder) == (value, use):
                self._age = value
                evicted.append(self._drop(holder))
        return evicted

    def _drop(self, holder: int) -> Blob:
        blob = self._blobs.pop(holder)
        del self._values[holder]
        self._index.remove(holder)
        self.n_bytes -= blob.n_bytes
        self._tidy()
        return blob
