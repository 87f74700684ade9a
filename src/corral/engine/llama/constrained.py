"""Sampling within a grammar: the chain runs over all tokens, and again over those allowed if it chose ill."""

from __future__ import annotations

import msgspec
import numpy as np

from corral.engine.llama.buffers import Logits
from corral.engine.llama.probabilities import Piece, surroundings
from corral.engine.llama.sampler import LlamaSampler
from corral.engine.ports import Sampled
from corral.engine.structure.constraint import Constraint, Ids
from corral.engine.structure.follow import follow


def sample_constrained(
    sampler: LlamaSampler, constraint: Constraint, logits: Logits, piece: Piece
) -> Sampled:
    """Choose from one row of logits [n_vocab] what `constraint` allows; accept it, and what it forces."""

    def choose(ids: Ids | None) -> Sampled:
        if not sampler.n_probs:
            return Sampled(sampler.draw(logits, ids))
        survivors = sampler.survivors(logits, ids)
        token = survivors.token
        probs = surroundings(token, survivors, logits, n=sampler.n_probs, piece=piece)
        return Sampled(token, msgspec.structs.replace(probs, prob=1.0) if sampler.is_greedy else probs)

    sampled = follow(constraint, choose)
    if sampled.failure is None:
        sampler.accept(np.array(sampled.tokens, np.int32))
    return sampled
