"""What a guided request must be like. Pure."""

from __future__ import annotations

from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.core.request import GenerationRequest, Media


def check_guidance(request: GenerationRequest, facts: ModelFacts) -> None:
    """Raise `InvalidRequestError` for a guided request that cannot be served."""
    if facts.n_slots < 2:
        raise InvalidRequestError(
            "guidance takes two slots for one answer; start the server with --parallel 2 or more"
        )
    if any(isinstance(piece, Media) for piece in request.prompt):
        raise InvalidRequestError("guidance cannot be combined with images or sound")
