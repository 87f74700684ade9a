"""Penalties for tokens that occurred among the last ones: repeat, frequency, presence."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from corral.core.sampling import SamplingParams
from corral.engine.llama.buffers import Logits
from corral.engine.llama.candidates import Candidates
from corral.engine.radix import Tokens


class Penalties:
    """The memory of one sequence and what it does to logits.

    The formula is that of llama.cpp's `llama_sampler_init_penalties`. Computed here because only the tokens
    remembered need a look, not the whole vocabulary, and because llama.cpp no longer spares the newline
    (`penalize_nl` of llama-server until Nov 2024): `exempt` is a token whose logit stays as it is.
    """

    def __init__(
        self, params: SamplingParams, n_window: int, n_vocab: int, *, exempt: int | None = None
    ) -> None:
        self._n_window = n_window
        self._exempt = exempt
        self._repeat = np.float32(params.repeat_penalty)
        self._frequency = np.float32(params.frequency_penalty)
        self._presence = np.float32(params.presence_penalty)
        self._recent: Tokens = np.empty(0, np.int32)
        self._counts: Logits = np.zeros(n_vocab, np.float32)  # how often each token stands in `_recent`

    def remember(self, tokens: Tokens) -> None:
        """Take tokens in, oldest first; those that fall out of the window count no more."""
        tokens = tokens[-self._n_window :]
        both = np.concatenate([self._recent, tokens])
        n_gone = max(0, len(both) - self._n_window)
        np.add.at(self._counts, tokens, 1)
        np.subtract.at(self._counts, both[:n_gone], 1)
        self._recent = both[n_gone:]

    def apply_to_row(self, logits: Logits) -> None:
        """Change a row of logits [n_vocab] in place."""
        ids = self._recent if self._exempt is None else self._recent[self._recent != self._exempt]
        logits[ids] = self._penalized(logits[ids], self._counts[ids])

    def apply(self, candidates: Candidates) -> None:
        """Change the logits of the candidates that are left."""
        left = candidates.left
        counts = self._counts[left["id"]]
        is_meant = counts > 0
        if self._exempt is not None:
            is_meant &= left["id"] != self._exempt
        left["logit"][is_meant] = self._penalized(left["logit"][is_meant], counts[is_meant])
        candidates.unsort()

    def _penalized(self, logits: Logits, counts: npt.NDArray[np.float32]) -> Logits:
        repeated = np.where(logits <= 0, logits * self._repeat, logits / self._repeat)
        penalized: Logits = repeated - (counts * self._frequency + self._presence)
        return penalized
