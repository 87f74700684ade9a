"""Which tokens are guessed ahead, for whom."""

from __future__ import annotations

from itertools import takewhile

from corral.core.engine_settings import DraftSettings
from corral.engine.draft.benefit import DraftCost
from corral.engine.draft.guesses import Guesses
from corral.engine.draft.history import History
from corral.engine.draft.kinds import BY_TEXT
from corral.engine.draft.model_guesses import ModelGuesses
from corral.engine.draft.text_guesses import TextGuesses
from corral.engine.ports import DraftModel, Vocabulary
from corral.engine.sequence import Sequence

MAX_DRAFTED = 64  # tokens in one step, whatever a request asks for


class Drafting:
    """Proposes drafts. Its guesses never come from another sequence: nobody's text can be told from them.

    `is_possible`: what was decoded in vain can be cut from memory again.
    """

    def __init__(
        self,
        settings: DraftSettings,
        vocabulary: Vocabulary,
        model: DraftModel | None,
        *,
        is_possible: bool,
    ) -> None:
        self._settings = settings
        self._vocabulary = vocabulary
        self._is_text_read = settings.kinds is None or BY_TEXT in settings.kinds
        self._model = model
        self.is_on = is_possible and (self._is_text_read or model is not None)
        self._by_text = self._used = DraftCost()
        self._by_model = DraftCost()
        self._is_reading = False

    def propose(self, sequence: Sequence, n_free: int) -> list[int]:
        """Return tokens to decode behind the pending ones of a sequence that is alone, at most `n_free`."""
        self._is_reading = False
        n_most = min(n_free, self._n_most(sequence))
        if n_most <= 0:
            return []
        drafts = self._guessed(sequence, n_most)
        if not drafts:
            return []
        drafts = self._possible(sequence, drafts)
        return drafts if len(drafts) >= self._n_min(sequence) else []

    def observe(self, n_drafted: int, step_ms: float) -> None:
        """Learn what the step of a lone sequence cost, unless the draft model worked in it for nothing."""
        if self._is_reading:
            return
        for cost in (self._by_text, self._by_model):
            if n_drafted and cost is not self._used:
                cost.passed()
            else:
                cost.observe(n_drafted, step_ms)

    def _n_most(self, sequence: Sequence) -> int:
        """Return how many tokens may be drafted for `sequence`: none behind what its request allows."""
        if sequence.companion is not None or sequence.spans:
            return 0
        wanted = sequence.request.drafts.n_max
        n_most = min(self._settings.n_max if wanted is None else wanted, MAX_DRAFTED)
        max_tokens = sequence.request.max_tokens
        return n_most if max_tokens is None else min(n_most, max_tokens - sequence.n_predicted - 1)

    def _p_min(self, sequence: Sequence) -> float:
        wanted = sequence.request.drafts.p_min
        return self._settings.p_min if wanted is None else wanted

    def _n_min(self, sequence: Sequence) -> int:
        wanted = sequence.request.drafts.n_min
        return self._settings.n_min if wanted is None else wanted

    def _guessed(self, sequence: Sequence, n_most: int) -> list[int]:
        """Return what the text says, or else the draft model."""
        guesses = sequence.guesses
        if guesses is None:
            guesses = sequence.guesses = self._guesses(sequence)
        if not guesses.history.follow(sequence.generated):
            return []
        self._used = self._by_text
        drafts: list[int] | None = []
        if guesses.by_text is not None:
            drafts = guesses.by_text.guess(n_most, self._by_text)
        if guesses.by_model is not None and not drafts:
            self._used = self._by_model
            p_min, owner = self._p_min(sequence), sequence.space.key
            drafts = guesses.by_model.guess(n_most, self._by_model, p_min, owner=owner)
            self._is_reading = drafts is None
        return drafts or []

    def _guesses(self, sequence: Sequence) -> Guesses:
        history = History(sequence.prompt)
        by_text = TextGuesses(history) if self._is_text_read else None
        return Guesses(history, by_text, None if self._model is None else ModelGuesses(self._model, history))

    def _possible(self, sequence: Sequence, drafts: list[int]) -> list[int]:
        """Return the drafts up to one that ends the text, or that its grammar does not allow."""
        drafts = list(takewhile(lambda token: token not in self._vocabulary.eog, drafts))
        assert sequence.sampler is not None
        constraint = sequence.sampler.constraint
        return drafts if constraint is None else drafts[: constraint.n_allowed(drafts)]
