"""The tools of an OpenAI chat: what is offered, what must be called, what was called before. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.chat.tool_choice import (
    ToolChoice,
    chosen,
    is_ruled,
    openai_choice,
    refuse_other_rules,
)
from corral.api.openai.chat_functions import to_function_use
from corral.api.openai.types import CallBody, ChatBody
from corral.core.errors import InvalidRequestError
from corral.prompt.messages import ToolCall
from corral.prompt.tools import Tool, ToolUse


def to_tool_use(body: ChatBody) -> ToolUse:
    """Return the functions on offer, those alone that `tool_choice` allows. Raises InvalidRequestError."""
    if body.functions or body.function_call is not None:
        use = to_function_use(body)
    else:
        tools = tuple(_tool(tool, f"tools[{i}]") for i, tool in enumerate(body.tools or []))
        use = chosen(tools, _choice(body))
    if use.is_forced:
        refuse_other_rules(is_ruled=is_ruled_otherwise(body))
    return use


def to_calls(calls: list[CallBody], where: str) -> tuple[ToolCall, ...]:
    """Return the calls of a past turn. Raises InvalidRequestError for arguments that are no JSON object."""
    return tuple(_call(call, f"{where}.tool_calls[{i}]") for i, call in enumerate(calls))


def _tool(tool: Any, where: str) -> Tool:  # noqa: ANN401 - any JSON
    function = tool.get("function") if isinstance(tool, dict) else None
    if not isinstance(function, dict) or tool.get("type", "function") != "function":
        raise InvalidRequestError(f"Field '{where}': only tools of type 'function' are served")
    name, parameters = function.get("name"), function.get("parameters")
    if not isinstance(name, str) or not name:
        raise InvalidRequestError(f"Field '{where}.function.name': expected a string")
    if parameters is not None and not isinstance(parameters, dict):
        raise InvalidRequestError(f"Field '{where}.function.parameters': expected an object")
    return Tool(name, parameters or {"type": "object"}, tool)


def _choice(body: ChatBody) -> ToolChoice:
    choice = body.tool_choice
    return openai_choice(choice, _named(choice), is_parallel=body.parallel_tool_calls)


def _named(choice: object) -> str | None:
    """Return the function that `choice` names."""
    match choice:
        case {"type": "function", "function": {"name": str(name)}}:
            return name
    return None


def is_ruled_otherwise(body: ChatBody) -> bool:
    """Tell whether the answer must keep to a grammar or schema of the client's."""
    kind = (body.response_format or {}).get("type", "text")
    return is_ruled(body) or kind != "text"


def past_call(call_id: str, name: str, arguments: str, where: str) -> ToolCall:
    """Return a call of a past turn. Raises InvalidRequestError for arguments that are no JSON object."""
    if not _is_object(arguments or "{}"):
        raise InvalidRequestError(f"Field '{where}.arguments': expected the JSON of an object")
    return ToolCall(call_id, name, arguments or "{}")


def _call(call: CallBody, where: str) -> ToolCall:
    name, arguments = call.function.name, call.function.arguments
    if not name:
        raise InvalidRequestError(f"Missing 'name' in {where}.function")
    if isinstance(arguments, dict):
        arguments = msgspec.json.encode(arguments).decode()
    return past_call(call.id or "", name, arguments or "", f"{where}.function")


def _is_object(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.DecodeError, RecursionError):
        return False
