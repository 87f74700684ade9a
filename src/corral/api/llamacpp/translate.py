"""llama-server's bodies -> what the engine is asked. Pure."""

from __future__ import annotations

from corral.api.generation.native import Showing, showing
from corral.api.generation.probabilities import ProbsShape
from corral.api.generation.prompts import to_prompts
from corral.api.generation.request import Ask, Terms, to_asks
from corral.api.llamacpp.types import CompletionBody


def completion_asks(body: CompletionBody, terms: Terms) -> list[Ask]:
    """Return one ask per prompt. Raises InvalidRequestError."""
    if body.n_probs is None:
        body.n_probs = body.logprobs
    prompt = terms.defaults.prompt if body.prompt is None else body.prompt
    return to_asks(body, to_prompts(prompt, terms.facts.n_vocab), terms)


def completion_showing(body: CompletionBody, asks: list[Ask], terms: Terms, model: str) -> Showing:
    """Return what the answers show."""
    n_probs = asks[0].request.sampling.n_probs
    probs = ProbsShape(n_probs, bool(body.post_sampling_probs)) if n_probs else None
    return showing(body, model=model, facts=terms.facts, probs=probs)
