"""What a chat's answer was found to hold -> the keys of OpenAI's messages and deltas. Pure."""

from __future__ import annotations

from typing import Any

from corral.prompt.answer_split import Parts, WholeAnswer
from corral.prompt.messages import ToolCall
from corral.prompt.tool_calls import CallPart


def message(answer: WholeAnswer, *, has_functions: bool = False) -> dict[str, Any]:
    """Return the message of a whole answer; `has_functions`: a call is told in the older way."""
    shown: dict[str, Any] = {"content": answer.content, "role": "assistant"}
    if answer.thoughts:
        shown["reasoning_content"] = answer.thoughts
    if answer.calls and has_functions:
        (call,) = answer.calls
        shown["function_call"] = {"name": call.name, "arguments": call.arguments}
    elif answer.calls:
        shown["tool_calls"] = [_call(call) for call in answer.calls]
    return shown


def deltas(parts: Parts, call_ids: list[str], *, has_functions: bool = False) -> list[dict[str, Any]]:
    """Return the deltas of a piece; a call's id and name come once, then its arguments bit by bit.

    `has_functions`: a call is told in the older way, which has no ids.
    """
    shown: list[dict[str, Any]] = []
    if parts.thoughts:
        shown.append({"reasoning_content": parts.thoughts})
    if parts.content:
        shown.append({"content": parts.content})
    if has_functions:
        return shown + [{"function_call": _function_delta(part)} for part in parts.calls]
    return shown + [{"tool_calls": [_call_delta(part, call_ids)]} for part in parts.calls]


def _call(call: ToolCall) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
        "id": call.id,
    }


def _function_delta(part: CallPart) -> dict[str, Any]:
    name = {} if part.name is None else {"name": part.name}
    return {**name, "arguments": part.arguments}


def _call_delta(part: CallPart, call_ids: list[str]) -> dict[str, Any]:
    if part.name is None:
        return {"index": part.index, "function": {"arguments": part.arguments}}
    return {
        "index": part.index,
        "id": call_ids[part.index],
        "type": "function",
        "function": {"name": part.name, "arguments": part.arguments},
    }
