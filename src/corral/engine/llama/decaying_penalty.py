"""ExLlama's penalty for repeated tokens: in full for the last ones, falling for those before them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from corral.core.sampling import SamplingParams
from corral.engine.llama.buffers import Logits
from corral.engine.llama.candidates import Candidates
from corral.engine.radix import Tokens

Distances = npt.NDArray[np.int64]


class DecayingPenalty:
    """The memory of one sequence and what it does to logits.

    The formula is that of exllama (turboderp/exllama, rep_penalty.cpp). With the newest token at distance 0 a
    token's penalty is `repeat_penalty` below `repeat_sustain`, and falls linearly over the `repeat_decay`
    distances behind, where it would reach 1. The nearest place of a token counts: its penalty is the largest.
    Logits above 0 are divided, others multiplied. `n_window` > 0 is how far back it looks at most, `exempt` a
    token whose logit stays as it is.
    """

    def __init__(
        self, params: SamplingParams, n_window: int, n_vocab: int, *, exempt: int | None = None
    ) -> None:
        self._by_distance = _by_distance(params, n_window)
        self._n_window = n_window
        self._exempt = exempt
        self._n_seen = 0
        self._recent: Tokens = np.empty(0, np.int32)
        self._last_seen: Distances = np.full(
            n_vocab, -n_window, np.int64
        )  # `_n_seen` then; never: too far back

    def remember(self, tokens: Tokens) -> None:
        """Take tokens in, oldest first."""
        tokens = tokens[-self._n_window :]
        self._n_seen += len(tokens)
        places = np.arange(self._n_seen - len(tokens), self._n_seen, dtype=np.int64) + 1
        np.maximum.at(self._last_seen, tokens, places)
        self._recent = np.concatenate([self._recent, tokens])[-self._n_window :]

    def apply_to_row(self, logits: Logits) -> None:
        """Change a row of logits [n_vocab] in place."""
        ids = self._recent if self._exempt is None else self._recent[self._recent != self._exempt]
        logits[ids] = self._penalized(logits[ids], self._n_seen - self._last_seen[ids])

    def apply(self, candidates: Candidates) -> None:
        """Change the logits of the candidates that are left."""
        left = candidates.left
        distances = self._n_seen - self._last_seen[left["id"]]
        is_meant = distances < self._n_window
        if self._exempt is not None:
            is_meant &= left["id"] != self._exempt
        left["logit"][is_meant] = self._penalized(left["logit"][is_meant], distances[is_meant])
        candidates.unsort()

    def _penalized(self, logits: Logits, distances: Distances) -> Logits:
        penalties = self._by_distance[distances]
        penalized: Logits = np.where(logits > 0, logits / penalties, logits * penalties)
        return penalized


def _by_distance(params: SamplingParams, n_window: int) -> npt.NDArray[np.float32]:
    """Return the penalty at each distance [n_window]."""
    penalties = np.full(n_window, params.repeat_penalty, np.float32)
    if params.repeat_sustain is not None and 0 <= params.repeat_sustain < n_window:
        n_fallen = np.arange(n_window - params.repeat_sustain, dtype=np.float32)
        fall = np.float32(1 - params.repeat_penalty) / params.repeat_decay
        penalties[params.repeat_sustain :] += fall * n_fallen
    return penalties
