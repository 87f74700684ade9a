"""Self-extend: a context longer than the model was trained on, by positions in groups.

Positions behind the first ones are divided by n, so that distant tokens share a position while the last
`width` tokens keep theirs apart. Jin et al., "LLM Maybe LongLM: Self-Extend LLM Context Window Without
Tuning" (arXiv 2401.01325); windows and offsets as llama-server of October 2024 has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from corral.engine.ports import Memory
from corral.engine.sequence import Sequence


@dataclass(frozen=True, slots=True)
class Added:
    """Positions [first, end) move by `delta`."""

    first: int
    end: int
    delta: int


@dataclass(frozen=True, slots=True)
class Divided:
    """Positions [first, end) are divided by `divisor`."""

    first: int
    end: int
    divisor: int


@dataclass(frozen=True, slots=True)
class Grouping:
    """`n` tokens to a position, `width` (a multiple of n) positions to a window; n 1 leaves all as it is."""

    n: int
    width: int

    @property
    def is_on(self) -> bool:
        """Whether it does anything."""
        return self.n > 1


@dataclass(frozen=True, slots=True)
class Regrouped:
    """What makes room behind `position`: operations in their order, and where that leaves the sequence."""

    operations: tuple[Added | Divided, ...]
    start: int
    position: int


def regroup(grouping: Grouping, start: int, position: int) -> Regrouped:
    """Return how the windows that are full are compressed.

    `start` is where the window begins (0 at first), `position` the next position. Afterwards
    `start + width - position`, at least 1, rows may follow before the next call.
    """
    operations: list[Added | Divided] = []
    while position >= start + grouping.width:
        operations += _compress(grouping, start, position)
        position -= grouping.width // grouping.n * (grouping.n - 1)
        start += grouping.width // grouping.n
    return Regrouped(tuple(operations), start, position)


def _compress(grouping: Grouping, start: int, position: int) -> Iterator[Added | Divided]:
    n, width = grouping.n, grouping.width
    n_removed = n * start // width * (width // n) * (n - 1)  # by the windows before this one
    first = start + n_removed
    yield Added(start, position, n_removed)
    yield Divided(first, first + width, n)
    yield Added(first + width, position + n_removed, width // n - n_removed - width)


def make_room(memory: Memory, sequence: Sequence, grouping: Grouping) -> int:
    """Compress the full windows of `sequence`; return how many rows it may have in the next step."""
    before = sequence.position
    regrouped = regroup(grouping, sequence.group_start, before)
    for operation in regrouped.operations:
        match operation:
            case Added(first, end, delta):
                memory.add(sequence.seq_id, first, end, delta)
            case Divided(first, end, divisor):
                memory.divide(sequence.seq_id, first, end, divisor)
    sequence.regrouped(regrouped.start, regrouped.position - before)
    return regrouped.start + grouping.width - regrouped.position
