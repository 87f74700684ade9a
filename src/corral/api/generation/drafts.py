"""`speculative.*`: what a request wants of drafts, in llama-server's names. Pure."""

from __future__ import annotations

from corral.api.generation.fields import GenerationFields
from corral.api.generation.numbers import clamped
from corral.core.request import DraftLimits


def to_drafts(fields: GenerationFields) -> DraftLimits:
    """Return the limits; numbers out of range are moved into it. Raises InvalidRequestError for fractions."""
    p_min = fields.speculative_p_min
    return DraftLimits(
        n_max=_count("speculative.n_max", fields.speculative_n_max),
        n_min=_count("speculative.n_min", fields.speculative_n_min),
        p_min=None if p_min is None else min(max(p_min, 0.0), 1.0),
    )


def _count(name: str, value: float | None) -> int | None:
    return None if value is None else clamped(name, value, 0)
