"""Images for the fake runner: text that tells how many rows it becomes, such as `4:cat`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from corral.core.errors import InternalError, InvalidRequestError
from corral.core.request import Media, Piece
from corral.engine.media import Span, placeholders
from corral.engine.ports import Vocabulary
from corral.engine.radix import Tokens


class FakeMediaPrompt:
    """A prompt with such images."""

    def __init__(self, pieces: list[Tokens], contents: list[bytes | None]) -> None:
        starts = np.cumsum([0, *(len(piece) for piece in pieces)])
        self.tokens: Tokens = np.concatenate(pieces)
        self.spans = tuple(
            Span(int(starts[i]), len(pieces[i]), len(pieces[i]), i)
            for i, content in enumerate(contents)
            if content is not None
        )
        self._contents = contents
        self.is_closed = False

    def rows(self, span: Span) -> Tokens:
        """Return what the image leaves in memory. Raises `InternalError` for one named "unencodable"."""
        assert not self.is_closed
        content = self._contents[span.chunk]
        assert content is not None
        if content.endswith(b"unencodable"):
            raise InternalError("an image could not be encoded")
        start = next(own.start for own in self.spans if own.chunk == span.chunk)
        return self.tokens[start : start + span.n_tokens]

    def close(self) -> None:
        """Note it."""
        self.is_closed = True


class FakeProjector:
    """Reads such images; `prompts` are all that it has read."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.prompts: list[FakeMediaPrompt] = []

    def read(self, pieces: Iterable[Piece], *, is_bos_wanted: bool, has_special: bool) -> FakeMediaPrompt:
        """Return the prompt. Raises `InvalidRequestError` for an image without a number."""
        asked = list(pieces)
        ids = [
            self._ids(piece, add_special=is_bos_wanted and not number, parse_special=has_special)
            for number, piece in enumerate(asked)
        ]
        prompt = FakeMediaPrompt(ids, [p.content if isinstance(p, Media) else None for p in asked])
        self.prompts.append(prompt)
        return prompt

    def _ids(self, piece: Piece, *, add_special: bool, parse_special: bool) -> Tokens:
        match piece:
            case str():
                read = self._vocabulary.tokenize
                return np.array(read(piece, add_special=add_special, parse_special=parse_special), np.int32)
            case Media():
                n = piece.content.partition(b":")[0]
                if not n.isdigit():
                    raise InvalidRequestError(f"Field '{piece.name}': the image cannot be decoded")
                return placeholders(piece.content, int(n), int(n))
        return np.array(piece, np.int32)
