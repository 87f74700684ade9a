"""Which messages go into a prompt of bounded length. Pure: the counts are given.

bare prompt | ... examples | ... history | room for the answer
              <- newest first              n_ctx - budget
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from corral.core.errors import InvalidRequestError

FRAME = "promptTemplate.prompt"
"""Which field a prompt is made of, where the body brings its own."""


class Blocks(msgspec.Struct, frozen=True):
    """How many of the newest examples and of the newest messages of the history stand in a prompt."""

    n_examples: int
    n_history: int


def budget(n_ctx: int, max_new_tokens: int) -> int:
    """Return how many tokens the prompt may have. Raises InvalidRequestError if none."""
    if max_new_tokens >= n_ctx:
        raise InvalidRequestError(
            f"Field 'genParams.max_new_tokens': {max_new_tokens} leaves no room for a prompt; the context of "
            f"the model has {n_ctx} tokens"
        )
    return n_ctx - max_new_tokens


def chosen(
    n_bare: int, examples: Sequence[int], history: Sequence[int], n_budget: int, *, field: str = FRAME
) -> Blocks:
    """Return what fits, by the numbers of tokens: examples first, then the history.

    Of both, oldest first, the newest are taken; the first one that does not fit ends its block. Raises
    InvalidRequestError, which names `field`, if the bare prompt alone does not fit.
    """
    check_bare(n_bare, n_budget, field)
    n_examples, n_left = _newest(examples, n_budget - n_bare)
    n_history, _ = _newest(history, n_left)
    return Blocks(n_examples, n_history)


def check_bare(n_bare: int, n_budget: int, field: str = FRAME) -> None:
    """Raise InvalidRequestError for a prompt that is too long without any message."""
    if n_bare > n_budget:
        raise InvalidRequestError(
            f"Field '{field}': it has {n_bare} tokens without a message; the context of the "
            f"model less genParams.max_new_tokens leaves {n_budget}"
        )


def shortened(blocks: Blocks, n_over: int, examples: Sequence[int], history: Sequence[int]) -> Blocks | None:
    """Return `blocks` without so many of the oldest messages that `n_over` tokens less are to be expected.

    At least one goes, of the history while there is one. None: there is nothing left to leave out.
    """
    n_examples, n_history = blocks.n_examples, blocks.n_history
    if not n_examples and not n_history:
        return None
    while n_over > 0 and (n_history or n_examples):
        if n_history:
            n_over -= history[len(history) - n_history]
            n_history -= 1
        else:
            n_over -= examples[len(examples) - n_examples]
            n_examples -= 1
    return Blocks(n_examples, n_history)


def _newest(counts: Sequence[int], n_left: int) -> tuple[int, int]:
    """Return how many of the last `counts` fit into `n_left`, and what is left then."""
    for n_taken, count in enumerate(reversed(counts)):
        if count > n_left:
            return n_taken, n_left
        n_left -= count
    return len(counts), n_left
