"""`guidance_scale` and `negative_prompt` -> the guidance of a request. Pure."""

from __future__ import annotations

from corral.api.generation.fields import GenerationFields
from corral.api.generation.prompts import to_pieces
from corral.core.errors import InvalidRequestError
from corral.core.request import Guidance

MAX_SCALE = 1000.0


def has_guidance(fields: GenerationFields) -> bool:
    """Tell whether the answer is to be guided: scale 1, as none, leaves it as it is."""
    return fields.guidance_scale not in (None, 1)


def to_guidance(fields: GenerationFields, n_vocab: int) -> Guidance | None:
    """Return the guidance that is asked for. Raises InvalidRequestError for a scale below 1."""
    given = fields.negative_prompt
    pieces = to_pieces([given] if isinstance(given, str) else given or [], n_vocab)
    scale = fields.guidance_scale
    if scale is None or scale == 1:
        return None
    if scale < 1:
        raise InvalidRequestError(f"Field 'guidance_scale': must be at least 1, got {scale}")
    return Guidance(scale=min(scale, MAX_SCALE), negative=[piece for piece in pieces if piece])
