"""How much of the tools on offer a model may choose, for every dialect. Pure."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from corral.api.generation.fields import GenerationFields
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


def openai_choice(given: object, name: str | None, *, is_parallel: bool | None) -> ToolChoice:
    """Return the choice that OpenAI's bodies write: a word, or an object that was found to name a function.

    `is_parallel` False: one call at most. Raises InvalidRequestError.
    """
    n_max = 1 if is_parallel is False else None
    if name is not None:
        return ToolChoice("required", name, n_max)
    match given:
        case None | "auto":
            return ToolChoice("auto", None, n_max)
        case "none":
            return ToolChoice("none")
        case "required":
            return ToolChoice("required", None, n_max)
    raise InvalidRequestError(
        'Field \'tool_choice\': expected "none", "auto", "required" or a function\'s name'
    )


def is_ruled(fields: GenerationFields) -> bool:
    """Tell whether the client gave a grammar or schema that the answer must keep to."""
    return any((fields.grammar, fields.regex, fields.lark)) or fields.json_schema is not None


def refuse_other_rules(*, is_ruled: bool) -> None:
    """Raise InvalidRequestError if an answer that must be a call has to keep to another grammar too."""
    if is_ruled:
        raise InvalidRequestError("Field 'tool_choice': a required call leaves no room for another grammar")
