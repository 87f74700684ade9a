"""What a draft model holds of the text that it shall continue. Pure bookkeeping of its memory."""

from __future__ import annotations

from typing import NamedTuple

from corral.engine.agreement import n_common


class Chunk(NamedTuple):
    """Tokens [start, end) of a text are to be computed next; what is held from `start` on is to be cut."""

    start: int
    end: int


class Held:
    """The tokens in the memory of a draft model, and whose they are.

    Another owner's are never compared: how fast his text is read would tell whether somebody had it before.
    """

    def __init__(self, *, n_ctx: int, n_most: int) -> None:
        self._n_ctx = n_ctx
        self._n_most = n_most
        self._tokens: list[int] = []
        self._owner: object = None
        self._text: list[int] = []
        self._n_same = 0  # known to agree with that text, which only grows

    def missing(self, tokens: list[int], n_ahead: int, *, owner: object) -> Chunk | None:
        """Return what to compute of `tokens` now, at least one; None where text and guesses do not fit.

        Modifies: from its start on nothing is held.
        """
        if len(tokens) + n_ahead > self._n_ctx:
            return None
        if owner != self._owner:
            self._owner = owner
            self._tokens.clear()
        if tokens is not self._text:
            self._text, self._n_same = tokens, 0
        start = min(n_common(tokens, self._tokens, self._n_same), len(tokens) - 1)
        del self._tokens[start:]
        self._n_same = start
        return Chunk(start, min(len(tokens), start + self._n_most))

    def add(self, tokens: list[int]) -> None:
        """Note tokens that were computed behind those held."""
        self._tokens += tokens

    def forget(self) -> None:
        """Note that nothing is held."""
        self._tokens.clear()
        self._n_same = 0
