"""Single flight: what is being computed for one sequence is not computed for another at the same time.

A sequence that waits for a seq_id, and would have to compute a beginning that a running one is computing just
now, waits until that much of it is in memory, and forks there. If the other leaves before, what it left is
taken from the cache and the first of those that waited computes the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from corral.engine.radix import common_length
from corral.engine.sequence import Sequence, Stage

WORTH_WAITING = 64  # tokens; less is computed sooner than waited for


def is_in_flight(sequence: Sequence, running: Iterable[Sequence], n_held: Callable[[Sequence], int]) -> bool:
    """Whether a running sequence is on the way to more of `sequence`'s prompt than memory holds by now.

    Modifies nothing. Only who may share what it computes counts, and only as far as that goes. `n_held`
    tells of a sequence how much of its prompt a cache has; it is asked where that matters.
    """
    if not sequence.request.is_cache_wanted or sequence.request.slot is not None:
        return False
    if sequence.leader is not None or len(sequence.prompt) <= WORTH_WAITING:
        return False
    n_coming = max((_n_coming(sequence, other) for other in running), default=0)
    return n_coming > 0 and n_coming > n_held(sequence)


def _n_coming(sequence: Sequence, other: Sequence) -> int:
    """Return how many first tokens of the prompt the other brings, 0 when all are there or they are few.

    What it took from a cache itself it does not bring.
    """
    if other.stage is not Stage.PREFILL or other.space.loras != sequence.space.loras:
        return 0
    n_shared = common_length(sequence.prompt[:-1], other.prompt)
    if other.space.key != sequence.space.key:
        n_shared = min(n_shared, sequence.space.n_public, other.space.n_public)
    is_worth_it = n_shared >= other.n_cached + WORTH_WAITING
    return n_shared if is_worth_it and n_shared > other.n_past else 0
