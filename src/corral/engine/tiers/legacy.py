"""What an engine leaves on disk when it ends: worth most first, as much as the disk's budget takes."""

from __future__ import annotations

import time

from corral.engine.prefixes import Space
from corral.engine.radix import Tokens
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.disk import DiskTier

# Of a place that all models share: two that take turns do not push each other out.
PARKED_SHARE = 1 / 2
STEP_NS = 1_000_000  # between two times of use, so that every file system tells them apart


class Legacy:
    """Takes what is worth most first: the next start finds that used last, and so evicts it last.

    Whoever ends the engine may lose patience, so what comes first is on disk before the next but one is
    taken; no more than two states are in memory for it.
    """

    def __init__(self, disk: DiskTier) -> None:
        self._disk = disk
        self._n_left_bytes = int(disk.budget_bytes * (PARKED_SHARE if disk.is_parking else 1))
        self._numbers: set[int] = set()  # the files that are left
        self._used_ns = time.time_ns()

    def is_wanted(self, space: Space, tokens: Tokens) -> bool:
        """Whether a state of `tokens` would add anything. A file that has them all is left, if it may be."""
        number = self._disk.holder(space, tokens)
        if number is None:
            return self._n_left_bytes > 0
        if number not in self._numbers and self._disk.size(number) <= self._n_left_bytes:
            self._disk.use(number, self._next_ns())
            self._count(number)
        return False

    def add(self, blob: Blob) -> None:
        """Have a blob written, if it adds anything and there is room beside those before it."""
        if not self.is_wanted(blob.space, blob.tokens) or blob.n_bytes > self._n_left_bytes:
            return
        self._disk.flush()
        number = self._disk.write(blob, self._next_ns())
        if number is not None:
            self._count(number)

    def _count(self, number: int) -> None:
        self._numbers.add(number)
        self._n_left_bytes -= self._disk.size(number)

    def _next_ns(self) -> int:
        self._used_ns -= STEP_NS
        return self._used_ns
