"""Tools for chat templates that know none: told in words, answered in JSON."""

from __future__ import annotations

import json

from corral.prompt.messages import Message, ToolCall
from corral.prompt.tools import ToolUse

_INTRODUCTION = """\
You can call these functions. Each line is the JSON description of one:

{functions}

To call functions, answer with nothing but JSON: {{"name": "...", "arguments": {{...}}}} for one call, \
an array of such objects for several. The results come back in the next message."""
_MUST = "Do not answer in any other way now."


def in_words(messages: list[Message], use: ToolUse) -> list[Message]:
    """Return the chat with the functions in its system text, and calls and results as plain turns."""
    turns = [_plain(message) for message in messages]
    if not use.tools:
        return turns
    functions = "\n".join(json.dumps(tool.definition, ensure_ascii=False) for tool in use.tools)
    text = _INTRODUCTION.format(functions=functions)
    if use.is_forced:
        text = f"{text} {_MUST}"
    if turns and turns[0].role == "system":
        return [Message("system", f"{turns[0].content}\n\n{text}"), *turns[1:]]
    return [Message("system", text), *turns]


def _plain(message: Message) -> Message:
    if message.role == "tool":
        of = f" of {message.name}" if message.name else ""
        return Message("user", f"Result{of}: {message.content}")
    if not message.tool_calls:
        return message
    calls = [_as_json(call) for call in message.tool_calls]
    text = calls[0] if len(calls) == 1 else f"[{', '.join(calls)}]"
    return Message(message.role, f"{message.content}\n{text}".lstrip(), message.reasoning)


def _as_json(call: ToolCall) -> str:
    return f'{{"name": {json.dumps(call.name, ensure_ascii=False)}, "arguments": {call.arguments}}}'
