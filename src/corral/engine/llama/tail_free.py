"""Tail-free sampling, which llama.cpp dropped in Nov 2024."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from corral.engine.llama.candidates import Candidates

_FLAT = 1e-6  # a sum of curvatures below this says nothing about where the tail begins


def tail_free(candidates: Candidates, z: float, min_keep: int) -> None:
    """Drop the tail of the distribution. `z` >= 1 and two candidates or fewer: nothing to do.

    Source: https://www.trentonbricken.com/Tail-Free-Sampling/; `min_keep` and the fallback for a flat
    distribution as `llama_sampler_init_tail_free` of llama.cpp had them.
    """
    if z >= 1:
        return
    logits = candidates.left["logit"]
    logits = np.sort(logits[logits > -np.inf])[::-1]  # what is impossible already is no part of the tail
    if len(logits) > 2:
        candidates.keep_best(_n_kept(_softmax(logits), z, min_keep))


def _n_kept(probs: npt.NDArray[np.float64], z: float, min_keep: int) -> int:
    """Return how many of `probs`, best first, stand before the tail: 1 at least.

    The tail begins where the running sum of the curvature (absolute second differences, as shares of their
    sum) exceeds `z`.
    """
    curvature = np.abs(np.diff(probs, 2))
    total = curvature.sum()
    shares = curvature / total if total > _FLAT else np.full(len(curvature), 1 / len(curvature))
    is_tail = np.cumsum(shares) > z
    is_tail[:min_keep] = False
    return max(1, int(is_tail.argmax())) if is_tail.any() else len(probs)


def _softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    raised = np.exp(logits.astype(np.float64) - logits[0])
    probs: npt.NDArray[np.float64] = raised / raised.sum()
    return probs
