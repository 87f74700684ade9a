"""Single flight: what is being computed for one sequence is not computed for another at the same time.

A sequence that waits for a seq_id, and would have to compute a beginning that a running one is computing just
now, waits until that much of it is in memory, and forks there. If the other leaves before, what it left is
taken from the cache and the first of those that waited computes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from weakref import WeakKeyDictionary

from corral.engine.radix import common_length
from corral.engine.sequence import Sequence, Stage

WORTH_WAITING = 64  # tokens; less is computed sooner than waited for


class Flights:
    """Who waits for whom. Owned by the scheduler, which asks in every step of everybody who waits.

    `n_held` tells of a sequence how much of its prompt a cache has. Prompts never change, so two are compared
    once; and who was found to wait does so until the other brought what it was waited for.
    """

    def __init__(self, n_held: Callable[[Sequence], int]) -> None:
        self._n_held = n_held
        self._shared: WeakKeyDictionary[Sequence, WeakKeyDictionary[Sequence, int]] = WeakKeyDictionary()
        self._awaited: WeakKeyDictionary[Sequence, Sequence] = WeakKeyDictionary()
        self._aloft: list[Sequence] = []

    def look(self, running: Iterable[Sequence]) -> None:
        """Take note of whose prompts are being processed in this step."""
        self._aloft = [sequence for sequence in running if sequence.stage is Stage.PREFILL]

    def join(self, sequence: Sequence) -> None:
        """Take note of one more."""
        self._aloft.append(sequence)

    def is_waiting(self, sequence: Sequence) -> bool:
        """Whether a running sequence is on the way to more of `sequence`'s prompt than memory holds by now.

        Only who may share what it computes counts, and only as far as that goes.
        """
        awaited = self._awaited.pop(sequence, None)
        if awaited is not None and self._n_coming(sequence, awaited):
            self._awaited[sequence] = awaited
            return True
        if not sequence.request.is_cache_wanted or sequence.request.slot is not None:
            return False
        if sequence.leader is not None or len(sequence.prompt) <= WORTH_WAITING:
            return False
        coming = [(self._n_coming(sequence, other), other) for other in self._aloft]
        n_most, other = max(coming, key=lambda each: each[0], default=(0, None))
        if other is None or not n_most or n_most <= self._n_held(sequence):
            return False
        self._awaited[sequence] = other
        return True

    def _n_coming(self, sequence: Sequence, other: Sequence) -> int:
        """Return how many first tokens of the prompt the other brings, 0 when all are there or they are few.

        What it took from a cache itself it does not bring.
        """
        if other.stage is not Stage.PREFILL:
            return 0
        n_shared = self._n_shared(sequence, other)
        is_worth_it = n_shared >= other.n_cached + WORTH_WAITING
        return n_shared if is_worth_it and n_shared > other.n_past else 0

    def _n_shared(self, sequence: Sequence, other: Sequence) -> int:
        """Return how many first tokens of both prompts are the same and may be shared."""
        known = self._shared.setdefault(other, WeakKeyDictionary())
        if sequence not in known:
            known[sequence] = _n_shareable(sequence, other)
        return known[sequence]


def _n_shareable(sequence: Sequence, other: Sequence) -> int:
    if other.space.loras != sequence.space.loras:
        return 0
    n_shared = common_length(sequence.prompt[:-1], other.prompt)
    if other.space.key != sequence.space.key:
        n_shared = min(n_shared, sequence.space.n_public, other.space.n_public)
    return n_shared
