"""The functions that a chat offers to the model, and how much it may choose among them."""

from __future__ import annotations

from typing import Any

import msgspec


class Tool(msgspec.Struct, frozen=True):
    """A function. `parameters` is the JSON schema of its arguments, `definition` all that was said of it."""

    name: str
    parameters: dict[str, Any]
    definition: dict[str, Any]


class ToolUse(msgspec.Struct, frozen=True, kw_only=True):
    """`tools` the model may call; `is_forced`: it must call one. `n_max` None: as many calls as it likes."""

    tools: tuple[Tool, ...] = ()
    is_forced: bool = False
    n_max: int | None = None

    @property
    def names(self) -> frozenset[str]:
        """The names of the functions."""
        return frozenset(tool.name for tool in self.tools)


def call_schema(use: ToolUse, argument_key: str, *, is_array: bool) -> dict[str, Any]:
    """Return the JSON schema of a forced answer: one call, or an array of at most `use.n_max`."""
    kinds = [_one_call(tool, argument_key) for tool in use.tools]
    one = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if not is_array:
        return one
    most = {} if use.n_max is None else {"maxItems": use.n_max}
    return {"type": "array", "items": one, "minItems": 1, **most}


def _one_call(tool: Tool, argument_key: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"name": {"const": tool.name}, argument_key: tool.parameters},
        "required": ["name", argument_key],
        "additionalProperties": False,
    }
