"""The text of one sequence so far, and where it said the same before (prompt lookup).

Saxena, "Prompt Lookup Decoding" (2023): what followed an earlier place that ends as the text ends now is a
guess at what comes next.
"""

from __future__ import annotations

from collections.abc import Sequence as Items

from corral.engine.radix import Tokens

LONG = 4  # tokens by which places are found, or else by the last two
MAX_MATCHED = 16  # further back it is not looked how long two places agree
MAX_INDEXED = 1024  # places in one step: a long prompt is read over several
MAX_REMEMBERED = 65_536  # last tokens of the prompt: the index takes some hundred bytes for each
_BITS = 32  # of a token in a key


class History:
    """The tokens of a sequence and an index over them. A token costs the same however long the text is."""

    def __init__(self, prompt: Tokens) -> None:
        self.tokens: list[int] = prompt[-MAX_REMEMBERED:].tolist()
        self._n_prompt = len(self.tokens)
        self._n_indexed = LONG  # places known: those in front of tokens [LONG, n_indexed)
        self._short: dict[int, int] = {}  # the latest place behind two tokens
        self._long: dict[int, int] = {}  # and behind four

    def follow(self, generated: Items[int]) -> bool:
        """Take what was generated since; return whether all is indexed now."""
        tokens, short, long = self.tokens, self._short, self._long
        tokens += generated[len(tokens) - self._n_prompt :]
        end = min(len(tokens), self._n_indexed + MAX_INDEXED)
        for place in range(self._n_indexed, end):
            front = tokens[place - 4] << _BITS | tokens[place - 3]
            back = tokens[place - 2] << _BITS | tokens[place - 1]
            short[back] = place
            long[front << 2 * _BITS | back] = place
        self._n_indexed = max(end, LONG)
        return end == len(tokens)

    def place(self) -> tuple[int, int]:
        """Return the latest place that is preceded by what the text ends with, and by how much of it.

        (0, 0) where there is none. It costs one look where not even the last two tokens were there before.
        """
        tokens = self.tokens
        if len(tokens) < LONG:
            return 0, 0
        back = tokens[-2] << _BITS | tokens[-1]
        place = self._short.get(back)
        if place is None:
            return 0, 0
        front = tokens[-4] << _BITS | tokens[-3]
        place = self._long.get(front << 2 * _BITS | back, place)
        return place, self._n_matched(place)

    def continuation(self, place: int, n: int) -> list[int]:
        """Return `n` tokens from `place` on; where the text ends it goes on with these themselves."""
        n_known = len(self.tokens) - place
        known = self.tokens[place : place + n]
        return known if n <= n_known else [known[i % n_known] for i in range(n)]

    def _n_matched(self, place: int) -> int:
        """Return how many tokens in front of `place` are those that the text ends with."""
        tokens, n_tokens = self.tokens, len(self.tokens)
        n_most = min(place, MAX_MATCHED)
        return next((n for n in range(n_most) if tokens[place - 1 - n] != tokens[n_tokens - 1 - n]), n_most)
