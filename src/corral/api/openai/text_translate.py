"""OpenAI's completion bodies -> what the engine is asked, and the whole reply. Pure.

The reply is llama-server's own object and OpenAI's in one, so that clients of both read it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation import probabilities
from corral.api.generation.answer import Answer
from corral.api.generation.native import Showing, answer_object, showing
from corral.api.generation.numbers import clamped, whole
from corral.api.generation.probabilities import ProbsShape
from corral.api.generation.prompts import WirePrompt
from corral.api.generation.request import Ask, Terms, to_asks
from corral.api.generation.sampling import MAX_PROBS
from corral.api.generation.usage import usage
from corral.api.openai.choices import finish_reason, new_text_id
from corral.api.openai.types import TextBody
from corral.core.errors import InvalidRequestError
from corral.core.outcome import TokenProbs


class TextShowing(msgspec.Struct, frozen=True, kw_only=True):
    """What every chunk or the reply to one body carries. `echoes` holds each prompt's text to be repeated."""

    id: str
    created_s: int
    native: Showing
    n_logprobs: int | None
    has_usage_chunk: bool
    echoes: dict[str, str]


def text_asks(body: TextBody, prompts: list[WirePrompt], terms: Terms) -> list[Ask]:
    """Return one ask per prompt. Raises InvalidRequestError."""
    _refuse_unserved(body)
    if body.n_probs is None and body.logprobs is not None:
        body.n_probs = max(1, whole("logprobs", body.logprobs))
    return to_asks(body, prompts, terms)


def text_showing(body: TextBody, echoes: dict[str, str], terms: Terms, model: str) -> TextShowing:
    """Return what the reply to `body` carries; its model is the one that the client named."""
    n_logprobs = _n_logprobs(body)
    shape = None if n_logprobs is None else ProbsShape(n_logprobs, bool(body.post_sampling_probs))
    return TextShowing(
        id=new_text_id(),
        created_s=0,
        native=showing(body, model=body.model or model, facts=terms.facts, probs=shape),
        n_logprobs=n_logprobs,
        has_usage_chunk=bool(body.stream_options and body.stream_options.include_usage),
        echoes=echoes,
    )


def text_reply(answers: list[Answer], show: TextShowing) -> dict[str, Any]:
    """Return the whole reply; with several choices the native keys describe the first."""
    return {
        **answer_object(answers[0], show.native),
        "id": show.id,
        "object": "text_completion",
        "created": show.created_s,
        "model": show.native.model,
        "system_fingerprint": show.native.facts.build,
        "choices": [_choice(answer, show) for answer in answers],
        "usage": usage(answers),
    }


def logprobs(probs: list[TokenProbs], show: TextShowing, text_offset: int) -> dict[str, Any] | None:
    """Return OpenAI's logprobs with llama-server's `content` beside, None if not asked for."""
    if show.n_logprobs is None or show.native.probs is None:
        return None
    shape = show.native.probs
    return {
        **probabilities.legacy(probs, show.n_logprobs, text_offset),
        "content": [probabilities.newer(entry, shape) for entry in probs],
    }


def _choice(answer: Answer, show: TextShowing) -> dict[str, Any]:
    echo = show.echoes.get(answer.ask.request.request_id, "")
    return {
        "text": echo + answer.text,
        "index": answer.index,
        "logprobs": logprobs(probabilities.kept(answer), show, len(echo)),
        "finish_reason": finish_reason(answer),
    }


def _n_logprobs(body: TextBody) -> int | None:
    """Return how many alternatives to show: `logprobs` as asked, 0 included, else llama-server's n_probs."""
    if body.logprobs is not None:
        return clamped("logprobs", body.logprobs, 0, MAX_PROBS)
    n_probs = clamped("n_probs", body.n_probs or 0, 0, MAX_PROBS)
    return n_probs or None


def _refuse_unserved(body: TextBody) -> None:
    if body.best_of is not None and whole("best_of", body.best_of) != whole("n", body.n or 1):
        raise InvalidRequestError("Field 'best_of': only the value of 'n' is served")
    if body.echo and body.logprobs is not None:
        raise InvalidRequestError(
            "Field 'echo': the prompt's own logprobs are not served; leave out one of the two"
        )
