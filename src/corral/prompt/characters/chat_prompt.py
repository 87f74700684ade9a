"""The prompt of a character chat: the frame with its two blocks of messages, then the character's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from corral.core.errors import InvalidRequestError
from corral.prompt.characters.blocks import Blocks
from corral.prompt.characters.chat_template import Expansion, ends_in_slot, filled, n_slots

EXAMPLES, CHAT, MESSAGE = "chatExample", "chat", "message"
MAX_CHARS_PER_TOKEN = 256  # what no tokenizer exceeds on average


class ChatMessage(msgspec.Struct, frozen=True):
    """One message, and which template it is written with. `where` is its path in the body."""

    kind: str
    text: str
    where: str


class ChatPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """An expanded frame, the written messages, oldest first, and `ending`, the character's name and colon."""

    frame: str
    ending: str
    examples: list[str]
    history: list[str]

    @property
    def pieces(self) -> list[str]:
        """The bare prompt, the examples, the history: what is counted."""
        return [self.text(Blocks(0, 0)), *map(_line, self.examples), *map(_line, self.history)]

    def text(self, blocks: Blocks) -> str:
        """Return the prompt with the newest messages that `blocks` tell."""
        slots = {
            EXAMPLES: _lines(self.examples, blocks.n_examples),
            CHAT: _lines(self.history, blocks.n_history),
        }
        text = filled(self.frame, slots)
        is_open = ends_in_slot(self.frame, (EXAMPLES, CHAT)) and not text.endswith("\n")
        return text + ("\n" if is_open and text else "") + self.ending


class Writing:
    """Writes messages with the templates of one body, each of which is expanded once."""

    def __init__(self, templates: Mapping[str, Any], expansion: Expansion, *, n_max_chars: int) -> None:
        self._templates = templates
        self._expansion = expansion
        self._expanded: dict[str, str] = {}
        self._n_max_chars = n_max_chars

    def newest(self, messages: list[ChatMessage]) -> list[str]:
        """Return the written messages, oldest first, without old ones that no context has room for.

        Raises InvalidRequestError for a message without a template.
        """
        written: list[str] = []
        n_chars = 0
        for message in reversed(messages):
            template = self._template(message)
            n_chars += len(template) + n_slots(template, MESSAGE) * len(message.text)
            if n_chars > self._n_max_chars:
                break
            written.append(filled(template, {MESSAGE: message.text}))
        return written[::-1]

    def _template(self, message: ChatMessage) -> str:
        if message.kind not in self._expanded:
            template = self._templates.get(message.kind)
            if not isinstance(template, str):
                raise InvalidRequestError(
                    f"Field '{message.where}.chatType': promptTemplate has no text {message.kind[:100]!r}; "
                    f"it has {_some(self._templates)}"
                )
            self._expanded[message.kind] = self._expansion.of(template)
        return self._expanded[message.kind]


def _lines(messages: list[str], n_newest: int) -> str:
    """Return the newest messages, each on a line of its own."""
    shown = messages[len(messages) - n_newest :]
    last = shown[-1:]
    return "".join([*map(_line, shown[:-1]), *last])


def _line(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _some(names: Iterable[str]) -> str:
    return ", ".join(repr(name[:100]) for name in sorted(names)[:20])
