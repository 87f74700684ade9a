"""What ends a sequence besides the model and its stop strings: counts, the context, the clock."""

from __future__ import annotations

from corral.core.messages import ModelFacts
from corral.engine.sequence import Sequence


def n_unlimited(sequence: Sequence, facts: ModelFacts) -> int:
    """Return a number of tokens below which nothing here can end the sequence, so that nobody need look."""
    request = sequence.request
    if request.max_predict_ms is not None:
        return 0
    n_prompt = sequence.n_context - sequence.n_predicted
    ends = [facts.n_ctx - n_prompt]
    if facts.n_ctx_train:
        ends.append(facts.n_ctx_train - n_prompt)
    return min(ends if request.max_tokens is None else [*ends, request.max_tokens])


def is_spent(sequence: Sequence, now_s: float) -> bool:
    """Return whether the request's own limits, tokens or time, are reached."""
    request = sequence.request
    if request.max_tokens is not None and sequence.n_predicted >= request.max_tokens:
        return True
    if request.max_predict_ms is None or sequence.lines is None or not sequence.lines.has_break:
        return False
    return (now_s - sequence.first_token_s) * 1000 >= request.max_predict_ms


def is_context_full(sequence: Sequence, facts: ModelFacts, *, is_shiftable: bool) -> bool:
    """Return whether the context ends the sequence.

    Without context shift, and with images, that is where prompt and answer fill it. With it, an answer is at
    most as long as the context, and one without a limit ends at the model's training context; both as
    llama-server has it.
    """
    request = sequence.request
    n_total = sequence.n_context
    if request.is_until_context_full or not is_shiftable or sequence.spans:
        return n_total >= facts.n_ctx
    is_past_training = request.max_tokens is None and 0 < facts.n_ctx_train <= n_total
    return is_past_training or sequence.n_predicted >= facts.n_ctx
