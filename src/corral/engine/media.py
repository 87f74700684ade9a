"""Images and sounds inside a prompt, as the scheduler sees them: spans of placeholder ids. Pure.

A prompt stays one array of ids. Where an image stands, it holds an id below 0 for each embedding row that the
image becomes, made of the image's content, so that prefix cache, counts and copies need not know of images:

    [1, 15, 27, -9, -7, -5, -4, 33]          an image of four rows that takes two positions
     text       ^first                       positions: 0 1 2 [3 3 3 3] 5

Two low bits of an id tell what the array alone could not: whether the row is the first of its image, and
whether it counts as a position. Models with M-RoPE give an image fewer positions than rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from corral.core.request import Piece
from corral.engine.radix import Tokens

_COUNTS = 1
_FIRST = 2
_FLAGS = np.int32(_COUNTS | _FIRST)
_SIGN = np.int32(-(2**31))


@dataclass(frozen=True, slots=True)
class Span:
    """`n_tokens` ids from `start` on that are one image (or one tile of it), which takes `n_positions`.

    `chunk` is its number among the parts that the projector made of the prompt.
    """

    start: int
    n_tokens: int
    n_positions: int
    chunk: int


class MediaPrompt(Protocol):
    """A prompt with images, read by a projector. Who holds it last closes it; closing twice is no error."""

    tokens: Tokens
    spans: tuple[Span, ...]

    def close(self) -> None:
        """Free what the images need until they are in KV memory."""
        ...


class Projector(Protocol):
    """What turns images into embeddings. `read` may be called from any one thread."""

    def read(self, pieces: Iterable[Piece], *, is_bos_wanted: bool, has_special: bool) -> MediaPrompt:
        """Return the prompt of `pieces`. Raises `InvalidRequestError`, naming what cannot be read."""
        ...


def placeholders(content: bytes, n_tokens: int, n_positions: int) -> Tokens:
    """Return the ids of an image whose `content` (or anything that stands for it) makes `n_tokens` rows."""
    assert 0 < n_positions <= n_tokens
    ids = np.frombuffer(hashlib.shake_128(content).digest(4 * n_tokens), "<i4").astype(np.int32)
    ids = (ids & ~_FLAGS) | _SIGN
    ids[:n_positions] |= _COUNTS
    ids[0] |= _FIRST
    return ids


def n_positions(tokens: Tokens) -> int:
    """Return how many positions `tokens` take."""
    return len(tokens) - int(np.count_nonzero((tokens < 0) & ((tokens & _COUNTS) == 0)))


def whole_images(tokens: Tokens, n: int) -> int:
    """Return `n`, cut back to where an image begins if the first `n` of `tokens` end inside it."""
    if n >= len(tokens) or tokens[n] >= 0 or tokens[n] & _FIRST:
        return n
    return int(np.flatnonzero((tokens[:n] < 0) & ((tokens[:n] & _FIRST) != 0))[-1])


def text_only(tokens: Tokens) -> Tokens:
    """Return `tokens` without images: what samplers may be told."""
    return tokens[tokens >= 0]


class SharedMedia:
    """The images of a request, closed when the last of its `n_users` sequences lets go."""

    def __init__(self, prompt: MediaPrompt, n_users: int) -> None:
        self.prompt = prompt
        self._n_users = n_users

    def let_go(self) -> None:
        """Note that one sequence needs them no more."""
        assert self._n_users > 0
        self._n_users -= 1
        if not self._n_users:
            self.prompt.close()
