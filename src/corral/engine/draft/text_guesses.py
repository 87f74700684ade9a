"""What a sequence's own text lets it guess, and how well that went."""

from __future__ import annotations

from corral.engine.draft.benefit import DraftCost, HitRate
from corral.engine.draft.history import History


class TextGuesses:
    """The guesses of one sequence from its text."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._rate = HitRate()
        self._expected: list[int] = []  # behind the first `_n_known` tokens, as one place had it
        self._n_known = 0
        self._n_matched = 0

    def guess(self, n_most: int, cost: DraftCost) -> list[int]:
        """Return the tokens that are worth to be decoded behind the history, at most `n_most`."""
        if self._expected:
            self._learn()
        history = self._history
        place, self._n_matched = history.place()
        if not self._n_matched:
            return []
        n_worth = cost.n_worth(self._rate.of(self._n_matched + i) for i in range(n_most))
        self._n_known = len(history.tokens)
        self._expected = history.continuation(place, max(n_worth, 1))
        return self._expected[:n_worth]

    def _learn(self) -> None:
        """Compare what was expected with what came, up to the first difference."""
        came = self._history.tokens[self._n_known : self._n_known + len(self._expected)]
        for i, (token, expected) in enumerate(zip(came, self._expected, strict=False)):
            self._rate.saw(self._n_matched + i, is_hit=token == expected)
            if token != expected:
                break
        self._expected = []
