"""Probabilities around a sampled token: from the raw logits, and from what the sampler chain left."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt

from corral.core.outcome import Candidate, TokenProbs
from corral.engine.llama.buffers import Logits
from corral.engine.llama.sampler import LlamaSampler

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])  # llama_token_data
Piece = Callable[[int], bytes]


def sample_with_probs(sampler: LlamaSampler, logits: Logits, piece: Piece) -> TokenProbs:
    """Run the chain over one row of logits [n_vocab]; return the chosen token with its surroundings."""
    token, left = _apply(sampler, logits)
    logprobs = log_softmax(logits)
    return TokenProbs(
        token=token,
        piece=piece(token),
        logprob=float(logprobs[token]),
        top=_best(np.arange(len(logits)), logprobs, sampler.n_probs, piece),
        sampled=_best(left["id"], np.exp(log_softmax(left["logit"])), sampler.n_probs, piece),
    )


def log_softmax(logits: Logits) -> npt.NDArray[np.float64]:
    """Return log-probabilities [n] of logits [n]."""
    wide = logits.astype(np.float64)
    wide -= wide.max()
    result: npt.NDArray[np.float64] = wide - np.log(np.exp(wide).sum())
    return result


def _apply(sampler: LlamaSampler, logits: Logits) -> tuple[int, npt.NDArray[np.void]]:
    """Return the token that the chain selects, and the candidates it left."""
    candidates = np.zeros(len(logits), _CANDIDATE)
    candidates["id"] = np.arange(len(logits))
    candidates["logit"] = logits
    data = ctypes.cast(candidates.ctypes.data, llama_cpp.llama_token_data_p)
    array = llama_cpp.llama_token_data_array(data, len(candidates), -1, False)
    llama_cpp.llama_sampler_apply(sampler.pointer, ctypes.byref(array))
    # A sampler may have put an array of its own in the place of ours.
    address = ctypes.cast(array.data, ctypes.c_void_p).value or 0
    size = array.size * _CANDIDATE.itemsize
    left = np.frombuffer((ctypes.c_char * size).from_address(address), _CANDIDATE).copy()
    token = int(left["id"][array.selected])
    llama_cpp.llama_sampler_accept(sampler.pointer, token)
    return token, left


def _best(
    ids: npt.NDArray[np.integer[Any]], values: npt.NDArray[np.float64], n: int, piece: Piece
) -> list[Candidate]:
    """Return the `n` candidates of highest value, best first."""
    n = min(n, len(ids))
    best = np.argpartition(-values, n - 1)[:n]
    best = best[np.argsort(-values[best], kind="stable")]
    return [Candidate(int(ids[i]), piece(int(ids[i])), float(values[i])) for i in best]
