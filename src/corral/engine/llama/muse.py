"""Muse: the most probable tokens are made less so, and more from token to token. llama.cpp never had it."""

from __future__ import annotations

import numpy as np

from corral.core.sampling import MuseParams
from corral.engine.llama.buffers import Logits
from corral.engine.llama.candidates import Candidates


class Muse:
    """The state of one sequence: how many tokens it has said.

    Source: "The Muse" (the-crypt-keeper/the-muse), in the form that llama-api's `MuseLogitProcessor` has: the
    `n_top` largest logits are multiplied by a factor that goes from `damp_initial` to `damp` in a straight
    line over the first `n_ramp` tokens.
    """

    def __init__(self, params: MuseParams) -> None:
        self._params = params
        self._n_said = 0
        self._has_begun = False  # what comes before the first draw is the prompt

    def remember(self, n_tokens: int) -> None:
        """Note that so many tokens were said."""
        self._n_said += n_tokens * self._has_begun

    def apply(self, candidates: Candidates) -> None:
        """Change the logits of the best candidates that are left."""
        self._has_begun = True
        left = candidates.left
        n_top = min(self._params.n_top, len(left))
        best = np.argpartition(-left["logit"], n_top - 1)[:n_top]
        left["logit"][best] = dampened(left["logit"][best], self._factor())
        candidates.unsort()

    def _factor(self) -> float:
        params = self._params
        share = min(self._n_said / params.n_ramp, 1.0) if params.n_ramp else 1.0
        return params.damp_initial + share * (params.damp - params.damp_initial)


def dampened(logits: Logits, factor: float) -> Logits:
    """Return logits [n] made smaller by a `factor` below 1, larger by one above.

    What is not above 0 is divided, as penalties do (multiplied, as the source has it, it would gain).
    """
    result: Logits = np.where(logits <= 0, logits / np.float32(factor), logits * np.float32(factor))
    return result
