"""What a sequence may say next, by the grammar of its request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from corral.core.errors import CorralError, InvalidRequestError

if TYPE_CHECKING:
    from llguidance import LLMatcher

MAX_FORCED = 64  # tokens that one step appends without sampling

Ids = npt.NDArray[np.int64]


class Constraint:
    """The state of one sequence within its grammar. Owned by the sequence.

    `banned` are tokens that the request never wants (a bias of minus infinity): they are no choice as long
    as the grammar has another. `is_over`: the text is complete and nothing can follow.
    """

    def __init__(self, matcher: LLMatcher, eog: frozenset[int], n_tokens: int, banned: Ids) -> None:
        self._matcher = matcher
        self._eog = eog
        self._n_tokens = n_tokens
        self._banned = banned
        self._may_force = True  # False: nothing is forced, as `take_forced` found out

    def allows(self, token: int) -> bool:
        """Return whether the grammar lets `token` come next; the end only where the text is complete."""
        if token in self._eog:
            return self._matcher.is_accepting()
        return self._matcher.validate_tokens([token]) == 1

    def n_allowed(self, tokens: list[int]) -> int:
        """Return how many of `tokens`, none of which ends a text, may come next one after the other."""
        return self._matcher.validate_tokens(tokens)

    def choices(self) -> Ids:
        """Return the ids that may come next, at least one. Raises InvalidRequestError if it is too hard."""
        bits = np.zeros((self._n_tokens + 31) // 32, np.int32)
        self._matcher.unsafe_compute_mask_ptr(bits.ctypes.data, bits.nbytes)
        allowed = np.unpackbits(bits.view(np.uint8), count=self._n_tokens, bitorder="little")
        if len(self._banned):
            wanted = allowed.copy()
            wanted[self._banned] = 0
            allowed = wanted if wanted.any() else allowed
        ids = np.flatnonzero(allowed.view(np.bool_))  # of bytes it takes ten times as long
        if not len(ids):
            raise self._fault()
        return ids

    def commit(self, token: int) -> None:
        """Go on with `token`, which is allowed. Raises InvalidRequestError when the grammar is too hard."""
        self._may_force = True
        if token not in self._eog and not self._matcher.consume_token(token):
            raise self._fault()

    def take_forced(self) -> list[int]:
        """Return the next tokens that alone can follow, at most `MAX_FORCED`, and go on with them."""
        if not self._may_force:
            return []
        forced = self._matcher.compute_ff_tokens()[:MAX_FORCED]
        self._may_force = len(forced) == MAX_FORCED
        if forced and not self._matcher.consume_tokens(forced):
            raise self._fault()
        return forced

    @property
    def is_over(self) -> bool:
        """Whether the text is complete and nothing can follow."""
        return self._matcher.is_stopped() and not self._matcher.is_error()

    def _fault(self) -> CorralError:
        reason = self._matcher.get_error().partition("\n")[0] or "no token of the model can follow"
        return InvalidRequestError(f"The grammar cannot be followed any further: {reason}")
