"""From sampled tokens to text that can be shown: whole characters only, and nothing of a stop string."""

from __future__ import annotations

import codecs

from corral.engine.stops import StopMatcher

_utf8 = codecs.getincrementaldecoder("utf-8")


class TextStream:
    """The text of one sequence as it grows, from the bytes of its tokens."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._decoder = _utf8(errors="replace")
        self._matcher = StopMatcher(stops)
        self._is_inside = False  # of a character, some bytes of which came

    def feed(self, piece: bytes) -> tuple[str | None, str | None]:
        """Return (text, stop string).

        The text is None while `piece` ends inside a character and nothing can be shown, empty while a
        possible stop string is held back.
        """
        if piece.isascii() and not self._is_inside:
            return self._matcher.feed(piece.decode("ascii"))
        text = self._decoder.decode(piece)
        self._is_inside = bool(self._decoder.getstate()[0])
        return (None, None) if self._is_inside and not text else self._matcher.feed(text)

    def flush(self) -> tuple[str, str | None]:
        """Return what was held back (half a character as U+FFFD), and a stop string that this completes."""
        text, stop = self._matcher.feed(self._decoder.decode(b"", final=True))
        return (text, stop) if stop else (text + self._matcher.flush(), None)
