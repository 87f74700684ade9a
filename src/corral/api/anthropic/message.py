"""A whole answer -> Anthropic's message, and what the message and its stream share."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from corral.api.anthropic.types import MessagesBody
from corral.api.generation.answer import Answer
from corral.core.outcome import FinishReason, SequenceEnd
from corral.prompt.answer_split import Reading, read_whole
from corral.prompt.messages import ToolCall


class MessageShowing(msgspec.Struct, frozen=True, kw_only=True):
    """What the message carries."""

    id: str
    model: str
    reading: Reading
    stop_sequences: tuple[str, ...]


def showing(body: MessagesBody, reading: Reading, model: str) -> MessageShowing:
    """Return what the reply to `body` carries; its model is the one that the client named."""
    return MessageShowing(
        id=f"msg_{uuid.uuid4().hex}",
        model=body.model or model,
        reading=reading,
        stop_sequences=tuple(body.stop_sequences or ()),
    )


def message(answer: Answer, show: MessageShowing) -> dict[str, Any]:
    """Return the whole message."""
    found = read_whole(answer.text, show.reading)
    blocks: list[dict[str, Any]] = []
    if found.thoughts:
        blocks.append({"type": "thinking", "thinking": found.thoughts, "signature": ""})
    if found.content:
        blocks.append({"type": "text", "text": found.content})
    blocks += [_call(call) for call in found.calls]
    end = answer.closed()
    return {
        **head(show),
        "content": blocks,
        **ending(end, show, has_calls=bool(found.calls)),
        "usage": {**input_usage(end.n_prompt_tokens, end.n_cached), "output_tokens": end.n_predicted},
    }


def head(show: MessageShowing) -> dict[str, Any]:
    """Return what begins every message."""
    return {"id": show.id, "type": "message", "role": "assistant", "model": show.model}


def ending(end: SequenceEnd, show: MessageShowing, *, has_calls: bool) -> dict[str, Any]:
    """Return why the message ended, in Anthropic's words."""
    is_stopped = end.reason is FinishReason.STOP and end.stop_text in show.stop_sequences
    return {
        "stop_reason": _stop_reason(end, has_calls=has_calls, is_stopped=is_stopped),
        "stop_sequence": end.stop_text if is_stopped else None,
    }


def input_usage(n_prompt_tokens: int, n_cached: int) -> dict[str, int]:
    """Return the tokens of a prompt; those that needed no evaluation are counted apart."""
    return {"cache_read_input_tokens": n_cached, "input_tokens": n_prompt_tokens - n_cached}


def _stop_reason(end: SequenceEnd, *, has_calls: bool, is_stopped: bool) -> str:
    if end.reason is FinishReason.LENGTH:
        return "max_tokens"
    if has_calls:
        return "tool_use"
    return "stop_sequence" if is_stopped else "end_turn"


def _call(call: ToolCall) -> dict[str, Any]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call.arguments)}


def _input(arguments: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the arguments, none of them if the answer broke off within."""
    try:
        return msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return {}
