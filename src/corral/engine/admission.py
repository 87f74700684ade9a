"""Who goes next: waiting sequences in order of arrival, none held up by one that cannot go yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from corral.engine.sequence import Sequence


def admissible(
    waiting: Iterable[Sequence],
    n_idle: int,
    has_place: Callable[[Sequence], bool],
    *,
    are_prompts_held: bool = False,
) -> Iterator[Sequence]:
    """Yield the sequences that may have one of `n_idle` seq_ids now. Modifies nothing.

    One that shares the prompt of another of its request waits until that is processed. `has_place` tells of a
    sequence that may not have any seq_id whether one of those is idle; it is asked when its turn comes, after
    those before it started.
    One with a companion needs two: where one is left it stays for it, or it might wait for ever.
    `are_prompts_held`: no new prompt goes, only who shares one that is processed.
    """
    for sequence in waiting:
        if not n_idle:
            return
        if are_prompts_held and sequence.leader is None:
            continue
        if sequence.is_ready and has_place(sequence):
            n_idle -= 1 if sequence.companion is None else 2
            if n_idle < 0:
                return
            yield sequence
