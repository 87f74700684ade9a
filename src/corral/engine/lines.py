"""The line breaks of an answer: whether there was one, and how far each line is indented."""

from __future__ import annotations


class LineWatch:
    """Follows the text of one sequence. `n_indent`: the least blanks of every line but the first; 0: any.

    An empty line counts as one without indentation, as in llama-server.
    """

    def __init__(self, n_indent: int = 0) -> None:
        self.has_break = False
        self._n_indent = n_indent
        self._is_at_start = False  # of a line, behind nothing but blanks
        self._n_blanks = 0

    def feed(self, text: str) -> tuple[str, bool]:
        """Return (the text up to a line that is indented too little, whether there is one)."""
        if not self._n_indent:
            self.has_break = self.has_break or "\n" in text
            return text, False
        for at, char in enumerate(text):
            if self._is_outdented(char):
                return text[:at], True
            self._move(char)
        return text, False

    def _is_outdented(self, char: str) -> bool:
        return self._is_at_start and char not in " \t" and self._n_blanks < self._n_indent

    def _move(self, char: str) -> None:
        if char == "\n":
            self.has_break = self._is_at_start = True
            self._n_blanks = 0
        elif self._is_at_start and char in " \t":
            self._n_blanks += 1
        else:
            self._is_at_start = False
