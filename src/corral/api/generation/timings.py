"""`timings` of llama-server's answers."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from corral.api.generation.numbers import ratio
from corral.core.outcome import SequenceEnd


class Timings(msgspec.Struct, frozen=True):
    """Tokens, milliseconds and rates. `prompt_n` counts evaluated prompt tokens, `cache_n` reused ones.

    Tokens that were guessed ahead, and those among them that were right, are told where there were any.
    """

    cache_n: int
    prompt_n: int
    prompt_ms: float
    prompt_per_token_ms: float
    prompt_per_second: float
    predicted_n: int
    predicted_ms: float
    predicted_per_token_ms: float
    predicted_per_second: float
    draft_n: int | UnsetType = UNSET
    draft_n_accepted: int | UnsetType = UNSET


def of(end: SequenceEnd) -> Timings:
    """Return the timings of an ended sequence."""
    told = timings(
        end.n_prompt_tokens - end.n_cached,
        end.prompt_ms,
        end.n_predicted,
        end.predicted_ms,
        n_cached=end.n_cached,
    )
    if not end.n_drafted:
        return told
    return msgspec.structs.replace(told, draft_n=end.n_drafted, draft_n_accepted=end.n_drafted_accepted)


def timings(
    n_prompt: int, prompt_ms: float, n_predicted: int, predicted_ms: float, *, n_cached: int
) -> Timings:
    """Return the timings of so many tokens; nothing is divided by zero."""
    return Timings(
        cache_n=n_cached,
        prompt_n=n_prompt,
        prompt_ms=prompt_ms,
        prompt_per_token_ms=ratio(prompt_ms, n_prompt),
        prompt_per_second=ratio(1000 * n_prompt, prompt_ms),
        predicted_n=n_predicted,
        predicted_ms=predicted_ms,
        predicted_per_token_ms=ratio(predicted_ms, n_predicted),
        predicted_per_second=ratio(1000 * n_predicted, predicted_ms),
    )
