"""Options that clients of llama-api and ExLlama know by other names -> the usual names."""

from __future__ import annotations

from corral.api.generation.fields import GenerationFields
from corral.core.errors import InvalidRequestError

_NAMES = {
    "repetition_penalty_range": "repeat_last_n",
    "repetition_penalty_sustain": "repeat_sustain",
    "repetition_penalty_decay": "repeat_decay",
    "mirostat_mode": "mirostat",
    "ban_eos_token": "ignore_eos",
}


def put_under_usual_names(fields: GenerationFields) -> None:
    """Move what came by another name. Modifies `fields`.

    Raises InvalidRequestError where both names are given and disagree.
    """
    for other, usual in _NAMES.items():
        value = getattr(fields, other)
        if value is None:
            continue
        if other == "repetition_penalty_range" and value == 0:
            value = -1  # llama-api: 0 means all tokens; llama-server's name says -1 for that and 0 for none
        present = getattr(fields, usual)
        if present is not None and present != value:
            raise InvalidRequestError(f"Fields '{usual}' and '{other}': they mean the same, but differ")
        setattr(fields, usual, value)
