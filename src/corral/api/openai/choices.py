"""What the choices of both OpenAI replies share."""

from __future__ import annotations

import uuid

from corral.api.generation.answer import Answer
from corral.core.outcome import FinishReason


def new_chat_id() -> str:
    """Return a chat's id: "chatcmpl-" and 32 letters or digits, as in llama-server."""
    return f"chatcmpl-{uuid.uuid4().hex}"


def new_text_id() -> str:
    """Return a text's id: "cmpl-" and a UUID, as in llama-api; llama-server's is like a chat's."""
    return f"cmpl-{uuid.uuid4()}"


def finish_reason(answer: Answer, *, has_calls: bool = False, has_functions: bool = False) -> str:
    """Return OpenAI's word for how an answer ended; `has_calls`: it called tools, or older functions."""
    if answer.closed().reason is FinishReason.LENGTH:
        return "length"
    if not has_calls:
        return "stop"
    return "function_call" if has_functions else "tool_calls"
