"""A client's messages as a persona takes them over."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from corral.prompt.characters.placeholders import Scene, expand
from corral.prompt.gallery import without_marks
from corral.prompt.messages import Message
from corral.prompt.persona import Persona

_SEARCHED_ROLES = ("user", "assistant")


class History(msgspec.Struct, frozen=True):
    """`system`: what the client's leading system messages say. `messages`: the rest, the greeting first."""

    system: tuple[str, ...]
    messages: tuple[Message, ...]

    @property
    def searched(self) -> list[str]:
        """The texts in which lore is looked for: what user and assistant said, "" for other messages."""
        return [_searched(message) for message in self.messages]


def history_of(persona: Persona, scene: Scene, messages: Sequence[Message]) -> History:
    """Return the chat with the persona's greeting, unless it begins with a message of the assistant."""
    n_leading = next((i for i, each in enumerate(messages) if each.role != "system"), len(messages))
    rest = messages[n_leading:]
    greeting = expand(persona.greeting, scene, "greeting").strip()
    if greeting and not (rest and rest[0].role == "assistant"):
        rest = [Message("assistant", greeting), *rest]
    return History(tuple(each.content for each in messages[:n_leading]), tuple(rest))


def counted(message: Message) -> str:
    """Return all of a message's text that may stand in a prompt."""
    calls = [f"{call.name} {call.arguments}" for call in message.tool_calls]
    return "\n".join(part for part in (message.reasoning, message.content, *calls) if part)


def _searched(message: Message) -> str:
    return without_marks(message.content) if message.role in _SEARCHED_ROLES else ""
