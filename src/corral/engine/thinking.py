"""How long a model may think: counts the tokens of its thoughts, and says when they must end."""

from __future__ import annotations

from corral.core.request import Thinking


class ThinkingWatch:
    """Follows the pieces of one sequence. `closing` are the tokens that end thoughts that took too long."""

    def __init__(self, thinking: Thinking, closing: tuple[int, ...]) -> None:
        self.closing = closing
        self._begin = thinking.begin.encode()
        self._end = thinking.end.encode()
        self._n_max = thinking.n_tokens
        self._n_longest = max(len(self._begin), len(self._end))
        self._is_inside = thinking.is_open
        self._is_over = False
        self._n_tokens = 0
        self._tail = b""

    def take(self, piece: bytes) -> None:
        """Note a token by its bytes."""
        if self._is_over:
            return
        self._tail += piece
        if self._is_inside:
            self._n_tokens += 1
            self._is_over = self._end in self._tail
        elif self._begin in self._tail:
            self._is_inside = True
            self._tail = b""
        self._tail = self._tail[-self._n_longest - len(piece) :]

    def take_closing(self) -> tuple[int, ...]:
        """Return the tokens to put in now, none if there is nothing to end; once."""
        if self._is_over or not self._is_inside or self._n_tokens < self._n_max:
            return ()
        self._is_over = True
        return self.closing
