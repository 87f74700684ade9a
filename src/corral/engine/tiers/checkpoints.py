"""When a state is kept on the way, of a model whose memory cannot be cut. Pure arithmetic.

What is behind the last one is all that a later prompt with the same beginning has to compute.

    end of an answer               the next prompt goes on from it: kept just before it does
    last but one token of a prompt  the same prompt comes again, or another end of it
    every so many tokens            a long prompt is changed in the middle
"""

from __future__ import annotations

from dataclasses import dataclass

WORTH_KEEPING = 64  # tokens; fewer are recomputed sooner than a state is looked after
COPIES_PER_TOKEN = 64  # a copy of so many tokens costs no more than computing one, on the models measured


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """`n_most` of each sequence, 0 for none; those inside a prompt `min_step` tokens apart at least."""

    n_most: int = 0
    min_step: int = 8192

    @property
    def is_on(self) -> bool:
        """Whether there are any."""
        return self.n_most > 0

    def is_due(self, n_tokens: int, n_before: int, *, is_inside: bool) -> bool:
        """Whether a state of `n_tokens` should be kept where one of `n_before` is.

        `is_inside`: the prompt goes on. Else its end was reached, or a new one begins behind it.
        """
        n_least = max(WORTH_KEEPING, n_tokens // COPIES_PER_TOKEN, self.min_step if is_inside else 0)
        return self.is_on and n_tokens - n_before >= n_least
