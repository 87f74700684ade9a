"""A chat as every dialect means it, free of any wire format."""

from __future__ import annotations

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One turn: who speaks ("system", "user", "assistant", or what the template knows) and the text."""

    role: str
    content: str


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
