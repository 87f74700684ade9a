"""Callers who ask for little beside others who ask for much: their short prompts have a step of their own.

The rows of all others would make that step several times as long. So that these keep their bound on
inter-token latency, at most every second step is such a one, and none is expected to take more than half of
the bound. And as a prompt may come at any time and waits for the step that is under way, steps are short
while such callers are about.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Sequence as Items
from dataclasses import dataclass

from corral.engine.sequence import Sequence

# Of the bound on inter-token latency:
EXPRESS_PART = 0.5  # what a step of their own may take
AWAITED_PART = 0.25  # what any other may take; measured: chunks of 32 tokens are computed as fast as of 512
# Or so often the time that its streams take: prompts beside many streams must not starve.
AWAITED_DECODES = 1.75


@dataclass(frozen=True, slots=True)
class Express:
    """All rows of the next step."""

    decodes: list[Sequence]
    prefills: list[Sequence]


def find_express(
    decodes: Items[Sequence], prefills: Items[Sequence], light: Collection[str], n_most: int
) -> Express | None:
    """Return the sequences of the `light` callers, if some of their prompts wait and others run beside them.

    None where those prompts still have more than `n_most` tokens: then they share the step with the others.
    """
    own = [sequence for sequence in prefills if sequence.space.caller in light]
    n_others = sum(sequence.space.caller not in light for sequence in (*decodes, *prefills))
    if not own or not n_others or sum(sequence.n_text_left for sequence in own) > n_most:
        return None
    return Express([sequence for sequence in decodes if sequence.space.caller in light], own)


def awaited_bound_ms(max_itl_ms: float, decode_ms: float) -> float:
    """Return the bound of a step while a light caller is awaited, whose streams alone take `decode_ms`."""
    return min(max_itl_ms, max(AWAITED_PART * max_itl_ms, AWAITED_DECODES * decode_ms))
