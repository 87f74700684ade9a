"""OpenAI's older way of tools, `functions` and `function_call` (June 2023) -> tools. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.chat.tool_choice import ToolChoice, chosen
from corral.api.openai.types import CallBody, ChatBody, MessageBody
from corral.core.errors import InvalidRequestError
from corral.prompt.tools import Tool, ToolUse


def has_functions(body: ChatBody) -> bool:
    """Tell whether `body` offers its tools in the older way, in which calls come back then."""
    return bool(body.functions)


def to_function_use(body: ChatBody) -> ToolUse:
    """Return the functions that may be called, one call at most. Raises InvalidRequestError."""
    if body.tools or body.tool_choice is not None:
        raise InvalidRequestError("Field 'functions': give either functions or tools, not both")
    given = [body.functions] if isinstance(body.functions, dict) else body.functions or []
    tools = tuple(_tool(function, f"functions[{i}]") for i, function in enumerate(given))
    return chosen(tools, _choice(body.function_call, tools))


def as_tool_turns(messages: list[MessageBody]) -> list[MessageBody]:
    """Return the messages with past function calls and their results in the newer way.

    An id is made of a call's place in the chat, so that the prompt is the same in the next turn; it has nine
    letters and digits, which Mistral's templates insist on.
    """
    turned = []
    call_id = ""
    for i, message in enumerate(messages):
        if message.function_call is not None:
            call_id = f"call{i:05}"
            call = CallBody(message.function_call, call_id)
            message = msgspec.structs.replace(message, tool_calls=[*(message.tool_calls or []), call])  # noqa: PLW2901 - the same message in other words
        elif message.role == "function":
            message = msgspec.structs.replace(message, role="tool", tool_call_id=call_id)  # noqa: PLW2901
        turned.append(message)
    return turned


def _tool(function: Any, where: str) -> Tool:  # noqa: ANN401 - any JSON
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or not name:
        raise InvalidRequestError(f"Field '{where}.name': expected a string")
    parameters = function.get("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise InvalidRequestError(f"Field '{where}.parameters': expected an object")
    return Tool(name, parameters or {"type": "object"}, {"type": "function", "function": function})


def _choice(given: object, tools: tuple[Tool, ...]) -> ToolChoice:
    match given:
        case None | "auto":
            return ToolChoice("auto", None, 1)
        case "none":
            return ToolChoice("none")
        case {"name": str(name)} if any(tool.name == name for tool in tools):
            return ToolChoice("required", name, 1)
        case {"name": str(name)}:
            raise InvalidRequestError(f"Field 'function_call': there is no function {name!r}")
    raise InvalidRequestError('Field \'function_call\': expected "none", "auto" or {"name": ...}')
