"""What the reader set in the page's drawer, and the request that it makes of a prompt. Pure."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import msgspec

from corral.core.request import GenerationRequest
from corral.core.settings import GenerationDefaults
from corral.prompt.templates import Prompt


@dataclass(frozen=True)
class Wishes:
    """None, an emptied field, means the server's default. Number fields give floats."""

    system: str = ""
    temperature: float | None = None
    max_tokens: float | None = None


def to_request(
    prompt: Prompt, wishes: Wishes, defaults: GenerationDefaults, caller: str
) -> GenerationRequest:
    """Return the request for the answer to `prompt`.

    Without a limit the answer ends with the context at the latest: nobody may be watching the page.
    """
    sampling = defaults.sampling
    if wishes.temperature is not None:
        sampling = msgspec.structs.replace(sampling, temperature=float(wishes.temperature))
    max_tokens = _limit(wishes.max_tokens, defaults.n_predict)
    return GenerationRequest(
        request_id=uuid.uuid4().hex,
        prompt=[prompt.text],
        is_bos_wanted=prompt.is_bos_wanted,
        sampling=sampling,
        max_tokens=max_tokens,
        is_until_context_full=max_tokens is None,
        caller=caller,
    )


def _limit(wished: float | None, cap: int) -> int | None:
    """Return the smaller of what is wished and the server's cap, which is none when negative."""
    limits = [max(1, int(wished))] if wished is not None else []
    limits += [cap] if cap >= 0 else []
    return min(limits, default=None)
