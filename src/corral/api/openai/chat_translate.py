"""OpenAI's chat bodies -> what the engine is asked, and the whole reply. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation import probabilities, timings
from corral.api.generation.answer import Answer
from corral.api.generation.native import Showing, answer_object
from corral.api.generation.numbers import clamped
from corral.api.generation.probabilities import ProbsShape
from corral.api.generation.sampling import MAX_PROBS
from corral.api.generation.usage import usage
from corral.api.openai import chat_deltas
from corral.api.openai.chat_functions import has_functions
from corral.api.openai.choices import finish_reason, new_chat_id
from corral.api.openai.response_format import to_schema
from corral.api.openai.types import ChatBody
from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.answer_split import Reading, read_whole

DEFAULT_TOP_LOGPROBS = 20


class ChatShowing(msgspec.Struct, frozen=True, kw_only=True):
    """What every chunk or the reply to one chat carries."""

    id: str
    created_s: int
    model: str
    build: str
    probs: ProbsShape | None
    has_usage_chunk: bool
    has_timings_per_token: bool
    reading: Reading = Reading()
    verbose: Showing | None = None
    has_functions: bool = False


def to_fields(body: ChatBody) -> ChatBody:
    """Return `body` with OpenAI's names for options put under llama-server's. Raises InvalidRequestError."""
    shape = probs_shape(body)
    if shape is not None:
        body.n_probs = max(1, shape.n_shown)
    schema = to_schema(body.response_format)
    if schema is not None:
        body.json_schema = schema
    return body


def probs_shape(body: ChatBody) -> ProbsShape | None:
    """Return how probabilities are shown, None if none are wanted. Raises InvalidRequestError."""
    is_post = bool(body.post_sampling_probs)
    if body.logprobs:
        top = DEFAULT_TOP_LOGPROBS if body.top_logprobs is None else body.top_logprobs
        return ProbsShape(clamped("top_logprobs", top, 0, MAX_PROBS), is_post)
    if body.top_logprobs:
        raise InvalidRequestError("top_logprobs requires logprobs to be set to true")
    if body.n_probs:
        return ProbsShape(clamped("n_probs", body.n_probs, 0, MAX_PROBS), is_post)
    return None


def chat_showing(
    body: ChatBody, reading: Reading, facts: ModelFacts, model: str, created_s: int
) -> ChatShowing:
    """Return what the reply to `body` carries; its model is the one that the client named."""
    return ChatShowing(
        id=new_chat_id(),
        created_s=created_s,
        model=body.model or model,
        build=facts.build,
        probs=probs_shape(body),
        has_usage_chunk=bool(body.stream_options and body.stream_options.include_usage),
        has_timings_per_token=bool(body.timings_per_token),
        reading=reading,
        has_functions=has_functions(body),
    )


def chat_reply(answers: list[Answer], show: ChatShowing) -> dict[str, Any]:
    """Return the whole reply."""
    reply: dict[str, Any] = {
        "choices": [_choice(answer, show) for answer in answers],
        "created": show.created_s,
        "model": show.model,
        "system_fingerprint": show.build,
        "object": "chat.completion",
        "usage": usage(answers),
        "id": show.id,
        "timings": timings.of(answers[0].closed()),
    }
    if show.probs is not None:
        shown = probabilities.items(probabilities.kept(answers[0]), show.probs)
        reply["completion_probabilities"] = shown
    if show.verbose is not None:
        reply["__verbose"] = answer_object(answers[0], show.verbose)
    return reply


def logprobs(answer: Answer, shape: ProbsShape) -> dict[str, Any]:
    """Return OpenAI's chat logprobs of a whole answer."""
    return {"content": [probabilities.newer(entry, shape) for entry in probabilities.kept(answer)]}


def _choice(answer: Answer, show: ChatShowing) -> dict[str, Any]:
    found = read_whole(answer.text, show.reading)
    return {
        "finish_reason": finish_reason(answer, has_calls=bool(found.calls), has_functions=show.has_functions),
        "index": answer.index,
        "message": chat_deltas.message(found, has_functions=show.has_functions),
        "logprobs": None if show.probs is None else logprobs(answer, show.probs),
    }
