"""OpenAI's `suffix`: a completion that is filled in between two texts."""

from __future__ import annotations

import msgspec

from corral.api.generation.infill import Gap, infill_ids, missing
from corral.api.generation.limits import n_predict
from corral.api.generation.prompts import WirePrompt
from corral.api.generation.request import Terms
from corral.api.openai.types import TextBody
from corral.api.serving import Serving
from corral.core.errors import InvalidRequestError


async def with_suffix(
    prompts: list[WirePrompt], body: TextBody, terms: Terms, serving: Serving
) -> list[WirePrompt]:
    """Return `prompts` laid out with the suffix of `body` behind the gap; as they are if it has none.

    Raises InvalidRequestError for a model that cannot fill in, or a prompt that is not text.
    """
    if not body.suffix:
        return prompts
    lacking = missing(terms.facts.infill)
    if lacking:
        raise InvalidRequestError(f"Field 'suffix': this model does not fill in between texts: {lacking}")
    if body.echo:
        raise InvalidRequestError("Field 'echo': not served together with 'suffix'; leave out one of the two")
    return [await _filled_in(prompt, body, terms, serving) for prompt in prompts]


async def _filled_in(prompt: WirePrompt, body: TextBody, terms: Terms, serving: Serving) -> WirePrompt:
    match prompt.pieces:
        case [str(text)]:
            gap = Gap(prefix=text, suffix=body.suffix or "")
        case _:
            raise InvalidRequestError("Field 'prompt': must be text together with 'suffix'")
    ids = await infill_ids(
        serving.door,
        terms.facts,
        gap,
        n_predict=n_predict(body, serving.settings.generation.n_predict),
        is_suffix_first=serving.settings.server.is_infill_suffix_first,
    )
    return msgspec.structs.replace(prompt, pieces=[ids])
