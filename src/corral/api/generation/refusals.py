"""Options that mean something but cannot be honoured yet are refused by name, never dropped in silence."""

from __future__ import annotations

from corral.api.generation.fields import GenerationFields
from corral.core.errors import InvalidRequestError


def refuse_unserved(fields: GenerationFields) -> None:
    """Raise InvalidRequestError for an option that would change the text but is not served yet."""
    if fields.backend_sampling:
        raise InvalidRequestError(
            "Field 'backend_sampling': Corral samples on the processor, with the same results; leave it out"
        )
