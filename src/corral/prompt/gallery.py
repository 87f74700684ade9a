"""Where the images of one chat stand in its prompt.

Each image is hung as a mark in a message's text; the chat template carries the marks into the prompt, which
is then cut at them. Marks hold a random number drawn for this chat after its text was read, so no text of a
client can forge one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence

import msgspec

from corral.core.errors import InvalidRequestError
from corral.core.request import Media, Piece
from corral.prompt.messages import Message

SHOWN_MARK = "<__media__>"  # what stands for an image in a prompt that a client sees

_MARK_OF_ANY_CHAT = re.compile("<__media_[0-9a-f]{32}_[0-9]+__>")


class MediaSource(msgspec.Struct, frozen=True):
    """Where an image (or sound) is, as the client said, and the field that said it."""

    url: str
    name: str
    is_sound: bool = False


class Gallery:
    """The images of one chat, in the order in which its messages name them."""

    def __init__(self) -> None:
        self.sources: list[MediaSource] = []
        self._nonce = secrets.token_hex(16)

    def hang(self, source: MediaSource) -> str:
        """Add an image; return the mark that stands for it in text."""
        self.sources.append(source)
        return f"<__media_{self._nonce}_{len(self.sources) - 1}__>"

    def check(self, prompt: str, messages: Iterable[Message]) -> None:
        """Raise InvalidRequestError when the chat template has left out an image of `messages`."""
        shown = self._numbers(prompt)
        given = {number for message in messages for number in self._numbers(message.content)}
        for number, source in enumerate(self.sources):
            if number in given - shown:
                raise InvalidRequestError(f"Field '{source.name}': the chat template leaves this image out")

    def filled(self, prompt: Sequence[Piece], media: Sequence[Media]) -> list[Piece]:
        """Return the prompt with `media`, one for each source, in place of the marks in its texts."""
        pieces: list[Piece] = []
        for piece in prompt:
            pieces += self._cut(piece, media) if isinstance(piece, str) else [piece]
        return [piece for piece in pieces if piece != ""]

    def _cut(self, text: str, media: Sequence[Media]) -> list[Piece]:
        parts = self._mark.split(text)
        return [media[int(part)] if i % 2 else part for i, part in enumerate(parts)]

    def shown(self, prompt: str) -> str:
        """Return the prompt as clients may see it."""
        return self._mark.sub(SHOWN_MARK, prompt) if self.sources else prompt

    def _numbers(self, text: str) -> set[int]:
        return {int(number) for number in self._mark.findall(text)} if self.sources else set()

    @property
    def _mark(self) -> re.Pattern[str]:
        return re.compile(f"<__media_{self._nonce}_([0-9]+)__>")


def without_marks(text: str) -> str:
    """Return a message's text without its images: what a person wrote."""
    return _MARK_OF_ANY_CHAT.sub("", text)
