"""Which forced tokens go into the next step together. Pure arithmetic.

llama.cpp computes a batch in passes over the weights. In a pass each sequence has the same number of rows,
and the sequences' seq_ids follow each other; the first pass has one row of all. Tokens beyond the first of a
sequence need passes of their own, and a pass costs about as much as `step_cost.StepCost.PASS_ROWS` rows more.
So they pay where a pass of theirs is at least as full as the common one; else they go one by one with the
others, which costs no sampling. A lone sequence always jumps.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Items


def worth_a_pass(n_more: Items[int], seq_ids: Items[int]) -> list[int]:
    """Return how many of the `n_more` further tokens of each sequence to compute at once.

    `seq_ids` rise. Neighbours that all have some share a pass as long as the shortest of them; one that has
    enough fills a pass alone.
    """
    n_worth = len(n_more)
    chosen = [n if n >= n_worth else 0 for n in n_more]
    for run in _runs(n_more, seq_ids):
        width = min(n_more[i] for i in run)
        if width * len(run) > sum(chosen[i] for i in run) and width * len(run) >= n_worth:
            for i in run:
                chosen[i] = width
    return chosen


def within(n_more: Items[int], n_most: int) -> list[int]:
    """Return the rows of each sequence in a step of `n_most` rows: one, and of `n_more` what still fits."""
    n_free = n_most - len(n_more)
    rows = []
    for n in n_more:
        n_fitting = max(0, min(n, n_free))
        rows.append(1 + n_fitting)
        n_free -= n_fitting
    return rows


def _runs(n_more: Items[int], seq_ids: Items[int]) -> Iterator[list[int]]:
    """Yield the places of neighbours in a row that have something more, two at least."""
    run: list[int] = []
    for i, n in enumerate(n_more):
        if run and (not n or seq_ids[i] != seq_ids[run[-1]] + 1):
            if len(run) > 1:
                yield run
            run = []
        if n:
            run.append(i)
    if len(run) > 1:
        yield run
