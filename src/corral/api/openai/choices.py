"""What the choices of both OpenAI replies share."""

from __future__ import annotations

import uuid

from corral.api.generation.answer import Answer
from corral.core.outcome import FinishReason


def new_id() -> str:
    """Return a reply's id: "chatcmpl-" and 32 letters or digits, on both routes as in llama-server."""
    return f"chatcmpl-{uuid.uuid4().hex}"


def finish_reason(answer: Answer, *, has_calls: bool = False) -> str:
    """Return OpenAI's word for how an answer ended; `has_calls`: it called tools."""
    if answer.closed().reason is FinishReason.LENGTH:
        return "length"
    return "tool_calls" if has_calls else "stop"
