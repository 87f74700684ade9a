"""Probabilities around a sampled token: from the raw logits, and from what the sampler chain left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from corral.core.outcome import Candidate, TokenProbs
from corral.engine.llama.buffers import Logits
from corral.engine.llama.candidates import Candidates
from corral.engine.llama.sampler import LlamaSampler

Piece = Callable[[int], bytes]


def sample_with_probs(sampler: LlamaSampler, logits: Logits, piece: Piece) -> TokenProbs:
    """Choose and accept a token from one row of logits [n_vocab]; return it with its surroundings."""
    survivors = sampler.survivors(logits)
    token = survivors.token
    sampler.accept(np.array([token], np.int32))
    probs = surroundings(token, survivors, logits, n=sampler.n_probs, piece=piece)
    return msgspec.structs.replace(probs, prob=1.0) if sampler.is_greedy else probs


def surroundings(token: int, survivors: Candidates, logits: Logits, *, n: int, piece: Piece) -> TokenProbs:
    """Return the `n` best alternatives of `token`: in the raw `logits`, and among the survivors."""
    logprobs = log_softmax(logits)
    left = survivors.left
    probs = np.exp(log_softmax(left["logit"]))
    return TokenProbs(
        token=token,
        piece=piece(token),
        logprob=float(logprobs[token]),
        top=_best(np.arange(len(logits)), logprobs, n, piece),
        sampled=_best(left["id"], probs, n, piece),
        prob=float(probs[left["id"] == token].sum()),
    )


def log_softmax(logits: Logits) -> npt.NDArray[np.float64]:
    """Return log-probabilities [n] of logits [n]."""
    wide = logits.astype(np.float64)
    wide -= wide.max()
    result: npt.NDArray[np.float64] = wide - np.log(np.exp(wide).sum())
    return result


def _best(
    ids: npt.NDArray[np.integer[Any]], values: npt.NDArray[np.float64], n: int, piece: Piece
) -> list[Candidate]:
    """Return the `n` candidates of highest value, best first."""
    n = min(n, len(ids))
    best = np.argpartition(-values, n - 1)[:n]
    best = best[np.argsort(-values[best], kind="stable")]
    return [Candidate(int(ids[i]), piece(int(ids[i])), float(values[i])) for i in best]
