"""The response object, whole or under way, and what it repeats of its request."""

from __future__ import annotations

import time
import uuid
from typing import Any

import msgspec

from corral.api.generation import timings
from corral.api.generation.answer import Answer
from corral.api.openai.responses_types import ResponsesBody
from corral.core.outcome import FinishReason, SequenceEnd
from corral.prompt.answer_split import Reading


class ResponseShowing(msgspec.Struct, frozen=True, kw_only=True):
    """What the response to one body carries. `asked` is what it repeats of its request."""

    id: str
    created_s: int
    model: str
    asked: dict[str, Any]
    reading: Reading
    has_timings_per_token: bool


def showing(body: ResponsesBody, reading: Reading, model: str, created_s: int) -> ResponseShowing:
    """Return what the response to `body` carries; its model is the one that the client named."""
    return ResponseShowing(
        id=f"resp_{uuid.uuid4().hex}",
        created_s=created_s,
        model=body.model or model,
        asked=_asked(body),
        reading=reading,
        has_timings_per_token=bool(body.timings_per_token),
    )


def under_way(show: ResponseShowing) -> dict[str, Any]:
    """Return the response before there is any output."""
    return {**_head(show), "status": "in_progress", "output": [], "error": None, "incomplete_details": None}


def completed(
    show: ResponseShowing, answer: Answer, output: list[dict[str, Any]], *, n_thought_tokens: int
) -> dict[str, Any]:
    """Return the whole response.

    One that its limit cut is "completed" too, as in llama-server; `incomplete_details` tells it.
    """
    end = answer.closed()
    is_cut = end.reason is FinishReason.LENGTH
    return {
        **_head(show),
        "status": "completed",
        "completed_at": int(time.time()),
        "output": output,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
        "usage": _usage(end, n_thought_tokens),
    }


def timings_of(answer: Answer) -> timings.Timings:
    """Return llama-server's timings of a whole answer."""
    return timings.of(answer.closed())


def _head(show: ResponseShowing) -> dict[str, Any]:
    return {
        "id": show.id,
        "object": "response",
        "created_at": show.created_s,
        "model": show.model,
        **show.asked,
    }


def _asked(body: ResponsesBody) -> dict[str, Any]:
    form = (body.text.format if body.text else None) or {"type": "text"}
    return {
        "instructions": body.instructions,
        "max_output_tokens": body.max_output_tokens,
        "metadata": body.metadata or {},
        "parallel_tool_calls": body.parallel_tool_calls is not False,
        "previous_response_id": None,
        "reasoning": {"effort": body.reasoning.effort if body.reasoning else None, "summary": None},
        "store": False,
        "temperature": body.temperature,
        "text": {"format": form},
        "tool_choice": body.tool_choice or "auto",
        "tools": body.tools or [],
        "top_p": body.top_p,
        "truncation": "disabled",
    }


def _usage(end: SequenceEnd, n_thought_tokens: int) -> dict[str, Any]:
    return {
        "input_tokens": end.n_prompt_tokens,
        "input_tokens_details": {"cached_tokens": end.n_cached},
        "output_tokens": end.n_predicted,
        "output_tokens_details": {"reasoning_tokens": min(n_thought_tokens, end.n_predicted)},
        "total_tokens": end.n_prompt_tokens + end.n_predicted,
    }
