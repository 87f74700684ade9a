"""What a chat template can show, found out by showing it something and looking for it in the prompt.

The names are those of `chat_template_caps` in llama-server's GET /props.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jinja2
import msgspec

_NEEDLE = "corral_needle"
_USER = {"role": "user", "content": "hi"}
_TOOL = {
    "type": "function",
    "function": {
        "name": _NEEDLE,
        "description": "d",
        "parameters": {"type": "object", "properties": {"x": {"type": "string", "description": "d"}}},
    },
}

Show = Callable[[dict[str, Any]], str]
"""Renders a template with these variables. Raises `jinja2.TemplateError`."""


class Capabilities(msgspec.Struct, frozen=True):
    """`supports_object_arguments`: arguments of past calls are wanted as objects, else as JSON text."""

    supports_string_content: bool
    supports_typed_content: bool
    supports_system_role: bool
    supports_tools: bool
    supports_tool_calls: bool
    supports_parallel_tool_calls: bool
    supports_object_arguments: bool
    supports_preserve_reasoning: bool
    supports_reasoning_effort: bool


def probe(show: Show, source: str) -> Capabilities:
    """Return what the template that `show` renders can do."""
    has_objects = _shows(show, *_called({"x": _NEEDLE}))
    return Capabilities(
        supports_string_content=_shows(show, {**_USER, "content": _NEEDLE}),
        supports_typed_content=_shows_typed(show),
        supports_system_role=_shows(show, {"role": "system", "content": _NEEDLE}, _USER),
        supports_tools=_shows(show, _USER, tools=[_TOOL]),
        supports_tool_calls=has_objects or _shows(show, *_called('{"x": "' + _NEEDLE + '"}')),
        supports_parallel_tool_calls=_shows(show, *_called({"x": _NEEDLE}, n_before=1)),
        supports_object_arguments=has_objects,
        supports_preserve_reasoning="preserve_reasoning" in source or "preserve_thinking" in source,
        supports_reasoning_effort="reasoning_effort" in source,
    )


def _shows_typed(show: Show) -> bool:
    text = _text(show, {**_USER, "content": [{"type": "text", "text": _NEEDLE}]})
    return _NEEDLE in text and "'type'" not in text and '"type"' not in text


def _called(arguments: object, *, n_before: int = 0) -> list[dict[str, Any]]:
    """Return a chat in which a function was called with `arguments`, after `n_before` calls in one turn."""
    calls = [_call("abcdefghi", {}) for _ in range(n_before)] + [_call("abcdefghj", arguments)]
    results = [{"role": "tool", "tool_call_id": call["id"], "name": "f", "content": "ok"} for call in calls]
    return [_USER, {"role": "assistant", "content": "", "tool_calls": calls}, *results]


def _call(call_id: str, arguments: object) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "f", "arguments": arguments}}


def _shows(show: Show, *messages: dict[str, Any], **more: object) -> bool:
    return _NEEDLE in _text(show, *messages, **more)


def _text(show: Show, *messages: dict[str, Any], **more: object) -> str:
    try:
        return show({"messages": [*messages], "add_generation_prompt": True, **more})
    except jinja2.TemplateError:
        return ""
