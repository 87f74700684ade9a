"""How much of the tools on offer a model may choose, for every dialect. Pure."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from corral.core.errors import InvalidRequestError
from corral.prompt.tools import Tool, ToolUse

MAX_TOOLS = 256


class ToolChoice(msgspec.Struct, frozen=True):
    """`kind`: no call, whatever the model likes, or a call it must make, of `name` if that is given.

    `n_max` None: as many calls as it likes.
    """

    kind: Literal["none", "auto", "required"] = "auto"
    name: str | None = None
    n_max: int | None = None


def function_tool(name: str, description: str | None, parameters: dict[str, Any] | None) -> Tool:
    """Return a tool in the words that chat templates know, those of OpenAI's chats."""
    schema = parameters or {"type": "object"}
    function = {"name": name, "description": description or "", "parameters": schema}
    return Tool(name, schema, {"type": "function", "function": function})


def chosen(tools: tuple[Tool, ...], choice: ToolChoice) -> ToolUse:
    """Return what the model may call. Raises InvalidRequestError."""
    if len(tools) > MAX_TOOLS:
        raise InvalidRequestError(f"Field 'tools': at most {MAX_TOOLS} are served")
    if choice.kind == "none":
        return ToolUse()
    if choice.kind == "auto":
        return ToolUse(tools=tools, n_max=choice.n_max)
    allowed = tuple(tool for tool in tools if choice.name in (None, tool.name))
    if not allowed and choice.name is not None:
        raise InvalidRequestError(f"Field 'tool_choice': there is no tool {choice.name!r}")
    if not allowed:
        raise InvalidRequestError("Field 'tool_choice': a call is required, but there are no tools")
    return ToolUse(tools=allowed, is_forced=True, n_max=choice.n_max)


def refuse_other_rules(*, is_ruled: bool) -> None:
    """Raise InvalidRequestError if an answer that must be a call has to keep to another grammar too."""
    if is_ruled:
        raise InvalidRequestError("Field 'tool_choice': a required call leaves no room for another grammar")
