"""A chat as every dialect means it, free of any wire format."""

from __future__ import annotations

import msgspec


class ToolCall(msgspec.Struct, frozen=True):
    """A call that the assistant made. `arguments` is JSON text, of an object."""

    id: str
    name: str
    arguments: str


class Message(msgspec.Struct, frozen=True):
    """One turn: who speaks ("system", "user", "assistant", or what the template knows) and the text.

    `reasoning` is what the assistant thought before. A turn of the role "tool" answers the call
    `tool_call_id` of the function `name`.
    """

    role: str
    content: str
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""


def as_variables(message: Message, *, has_object_arguments: bool = False) -> dict[str, object]:
    """Return the turn as templates read it; what it lacks is absent.

    `has_object_arguments`: arguments of calls are objects instead of JSON text.
    """
    shown: dict[str, object] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        shown["tool_calls"] = [_call(call, has_object_arguments) for call in message.tool_calls]
    more = {
        "reasoning_content": message.reasoning,
        "tool_call_id": message.tool_call_id,
        "name": message.name,
    }
    return shown | {name: value for name, value in more.items() if value}


def _call(call: ToolCall, has_object: bool) -> dict[str, object]:  # noqa: FBT001 - told once, above
    arguments = msgspec.json.decode(call.arguments or "{}") if has_object else call.arguments
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def with_system_merged(messages: list[Message]) -> list[Message]:
    """Return the chat with its leading system text put in front of the first user turn.

    For templates without a system role. A chat without a leading system turn comes back unchanged; one
    without a user turn gets one that holds the system text.
    """
    if not messages or messages[0].role != "system":
        return messages
    system, *rest = messages
    at = next((i for i, message in enumerate(rest) if message.role == "user"), None)
    if at is None:
        return [Message("user", system.content), *rest]
    merged = Message("user", f"{system.content}\n\n{rest[at].content}")
    return [*rest[:at], merged, *rest[at + 1 :]]
