"""What a draft model guesses, and whether that pays."""

from __future__ import annotations

from corral.engine.draft.benefit import DraftCost
from corral.engine.draft.history import History
from corral.engine.ports import DraftModel


class ModelGuesses:
    """The guesses of a draft model for one sequence. Owned by the sequence."""

    USUAL = 0.7  # how often a guess is right, until it was seen
    NEWEST = 0.1  # weight of the newest guess
    RETURN = 0.005  # of the way back to what is usual, with each step without: it is tried again some time

    def __init__(self, model: DraftModel, history: History) -> None:
        self._model = model
        self._history = history
        self._rate = self.USUAL
        self._guessed: list[int] = []
        self._n_known = 0

    def guess(self, n_most: int, cost: DraftCost, p_min: float, *, owner: object) -> list[int] | None:
        """Return the tokens to decode behind the history; None where the model worked and has none (yet)."""
        self._learn()
        n_worth = cost.n_worth(self._rate for _ in range(n_most))
        if not n_worth:
            self._rate += self.RETURN * (self.USUAL - self._rate)
            return []
        tokens = self._history.tokens
        guessed = self._model.guess(tokens, n_worth, p_min, owner=owner)
        self._n_known, self._guessed = len(tokens), guessed or []
        if guessed == []:
            self._rate -= self.NEWEST * self._rate  # it was asked in vain, as if it had been wrong
        return guessed or None

    def _learn(self) -> None:
        """Compare what was guessed with what came, up to the first difference."""
        came = self._history.tokens[self._n_known : self._n_known + len(self._guessed)]
        for token, guessed in zip(came, self._guessed, strict=False):
            self._rate += self.NEWEST * ((token == guessed) - self._rate)
            if token != guessed:
                break
        self._guessed = []
