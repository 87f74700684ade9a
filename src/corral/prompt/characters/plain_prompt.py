"""The prompt of a character chat in plain text: a frame with two blocks of messages, then who speaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from corral.core.errors import InvalidRequestError
from corral.prompt.characters.asides import NO_ASIDES, Asides
from corral.prompt.characters.blocks import FRAME, Blocks
from corral.prompt.characters.plain_template import MAX_CHARS, Expansion, ends_in_slot, filled, length
from corral.prompt.lorebook.telling import Told

EXAMPLES, CHAT, MESSAGE = "chatExample", "chat", "message"
MAX_CHARS_PER_TOKEN = 256  # what no tokenizer exceeds on average
_ROLES = {"character": "assistant", "system": "system"}

Slots = Callable[[Told, Sequence[str]], Mapping[str, str]]
"""What fills the slots of templates: with this lore, and with texts that no message has a place for."""


def most_chars(n_tokens: int) -> int:
    """Return how long the text of a prompt of so many tokens may get, which bounds the work on it."""
    return min(MAX_CHARS, MAX_CHARS_PER_TOKEN * n_tokens)


class ChatMessage(msgspec.Struct, frozen=True):
    """One message, and which template it is written with. `where` is its path in the body."""

    kind: str
    text: str
    where: str

    @property
    def role(self) -> str:
        """Who says it: other kinds than these two are called after a user, as `user1`."""
        return _ROLES.get(self.kind, "user")


class Choice(msgspec.Struct, frozen=True):
    """What stands in a prompt."""

    blocks: Blocks
    told: Told = Told()


def no_slots(_told: Told, _homeless: Sequence[str]) -> Mapping[str, str]:
    """Return what a character that a body brings along has for slots: nothing, its values are templates."""
    return {}


class PlainPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """An expanded frame, the written messages, oldest first, and `ending`, which opens the character's turn.

    `asides` stand between the messages of the history, whose `roles` say who says them; `slots` fill the
    frame. A character that a body brings along has neither. `field` is what the frame comes from,
    `n_max_chars` how long the whole may get.
    """

    frame: str
    ending: str
    examples: list[str]
    history: list[str]
    roles: Sequence[str] = ()
    asides: Asides = NO_ASIDES
    slots: Slots = no_slots
    field: str = FRAME
    n_max_chars: int = MAX_CHARS

    @property
    def pieces(self) -> list[str]:
        """The bare prompt, the examples, the history, the asides: what is counted."""
        bare = self._framed(self.slots(Told(), ()))
        return [bare, *map(_line, self.examples), *map(_line, self.history), *self.asides.texts]

    def text(self, choice: Choice) -> str:
        """Return the prompt with what was chosen. Raises InvalidRequestError for one beyond all measure."""
        blocks, start = choice.blocks, len(self.history) - choice.blocks.n_history
        inserted = self.asides.inserted(choice.told, self.roles, start)
        shown = [inserted.around(at, self.history[at]) for at in range(start, len(self.history))]
        return self._framed(
            {
                **self.slots(choice.told, inserted.homeless),
                EXAMPLES: _lines(self.examples[len(self.examples) - blocks.n_examples :]),
                CHAT: _lines([text for texts in shown for text in texts]),
            }
        )

    def _framed(self, slots: Mapping[str, str]) -> str:
        if length(self.frame, slots) > self.n_max_chars:
            raise InvalidRequestError(
                f"Field '{self.field}': it makes a text of more than {self.n_max_chars} characters"
            )
        text = filled(self.frame, slots)
        is_open = ends_in_slot(self.frame, (EXAMPLES, CHAT)) and not text.endswith("\n")
        return text + ("\n" if is_open and text else "") + self.ending


class Writing:
    """Writes messages with the templates of one body, each of which is expanded once.

    `slots` are what the expanded templates refer to besides the message.
    """

    def __init__(
        self,
        templates: Mapping[str, Any],
        expansion: Expansion,
        slots: Mapping[str, str],
        *,
        n_max_chars: int,
    ) -> None:
        self._templates = templates
        self._expansion = expansion
        self._slots = slots
        self._expanded: dict[str, str] = {}
        self._n_max_chars = n_max_chars

    def newest(self, messages: list[ChatMessage]) -> list[str]:
        """Return the written messages, oldest first, without old ones that no context has room for.

        Raises InvalidRequestError for a message without a template.
        """
        written: list[str] = []
        n_chars = 0
        for message in reversed(messages):
            template, slots = self._template(message), {**self._slots, MESSAGE: message.text}
            n_chars += length(template, slots)
            if n_chars > self._n_max_chars:
                break
            written.append(filled(template, slots))
        return written[::-1]

    def _template(self, message: ChatMessage) -> str:
        if message.kind not in self._expanded:
            template = self._templates.get(message.kind)
            if message.kind in self._templates and not isinstance(template, str):
                raise InvalidRequestError(f"Field 'promptTemplate.{message.kind[:100]}': expected a text")
            if template is None:
                raise InvalidRequestError(
                    f"Field '{message.where}.chatType': promptTemplate has no text {message.kind[:100]!r}; "
                    f"it has {_some(self._templates)}"
                )
            self._expanded[message.kind] = self._expansion.of(template)
        return self._expanded[message.kind]


def _lines(texts: list[str]) -> str:
    """Return texts on lines of their own; the last one ends as it is."""
    return "".join([*map(_line, texts[:-1]), *texts[-1:]])


def _line(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _some(names: Iterable[str]) -> str:
    return ", ".join(repr(name[:100]) for name in sorted(names)[:20])
