"""Classifier-free guidance on logits, which llama.cpp dropped in 2024."""

from __future__ import annotations

from collections.abc import Sequence as Items

import numpy as np

from corral.engine.llama.buffers import Logits
from corral.engine.ports import Steered

Rows = Logits | list[Logits]  # [n_rows, n_vocab]

_FARTHEST = 1e4  # below the best: what is impossible in the companion must not make anything certain


def steer(rows: Rows, steered: Items[Steered]) -> list[Logits]:
    """Guide the `steered` rows of logits [n_vocab] in place; return all rows but the companions."""
    for place, companion, scale in steered:
        guide(rows[place], rows[companion], scale)
    companions = {each.companion for each in steered}
    return [row for i, row in enumerate(rows) if i not in companions]


def guide(logits: Logits, negative: Logits, scale: float) -> None:
    """Move `logits` [n_vocab] away from those of the `negative` prompt, in place. `scale` 1: not at all.

    Source: Sanchez et al. 2023, "Stay on topic with Classifier-Free Guidance", arXiv:2306.17806, as
    `llama_sample_classifier_free_guidance` had it: with p and q the log-probabilities of both,
    q + scale * (p - q). What normalises p and q is one number each, so it is written here as a sum of rows
    and a constant. The constant is chosen so that at scale 1 the logits, not their log-probabilities, come
    out: penalties and Muse look at their sign.
    """
    offset = _log_sum_exp(logits) - _log_sum_exp(negative)
    other = np.maximum(negative, negative.max() - _FARTHEST)
    other += np.float32(offset)
    other *= np.float32(1 - scale)
    logits *= np.float32(scale)
    logits += other


def _log_sum_exp(logits: Logits) -> float:
    most = logits.max()
    return float(most + np.log(np.exp(logits - most).sum(dtype=np.float64)))
