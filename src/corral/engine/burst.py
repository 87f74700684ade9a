"""Requests that arrive together: those whose streams have just begun wait for the others, once.

Without this, the first of many clients would start to decode and bind the prefill of all others to small
chunks, each with a pass of its own over the weights, for the sake of a gap that nobody reads yet.
"""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass

from corral.engine.sequence import Sequence

HOLD = 20  # the longest that a stream waits for its second token, in bounds on inter-token latency


@dataclass(frozen=True, slots=True)
class Burst:
    """Prompts to process before anybody decodes, for at most `left_ms`."""

    prefills: list[Sequence]
    left_ms: float


def find_burst(
    decodes: Items[Sequence], prefills: Items[Sequence], *, now_s: float, max_itl_ms: float
) -> Burst | None:
    """Return the prompts that came no later than the first token of those who decode.

    None as soon as anybody is past the first token, or the first of them has waited `HOLD` bounds.
    """
    if not decodes or any(sequence.n_predicted > 1 for sequence in decodes):
        return None
    began_s = min(sequence.first_token_s for sequence in decodes)
    left_ms = HOLD * max_itl_ms - (now_s - began_s) * 1000
    together = [sequence for sequence in prefills if sequence.arrived_s <= began_s]
    return Burst(together, left_ms) if together and left_ms > 0 else None
