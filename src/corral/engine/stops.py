"""Stop strings, found across token borders. Bytes never come here: text in, text out."""

from __future__ import annotations


class StopMatcher:
    """Passes text through until one of the stop strings is complete.

    Text that may be the beginning of a stop string is held back. Of several stop strings the one that is
    complete first wins, of those the one that began first; so the result does not depend on how the text
    was cut into pieces.
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._n_longest = max(map(len, self._stops), default=0)
        self._held = ""

    def feed(self, text: str) -> tuple[str, str | None]:
        """Return the text that may be shown now, and the stop string once it is found (then feed no more)."""
        if not self._stops:
            return text, None
        text = self._held + text
        found = [(at + len(stop), at, stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            _, at, stop = min(found)
            self._held = ""
            return text[:at], stop
        n_held = self._n_possible(text)
        self._held = text[len(text) - n_held :]
        return text[: len(text) - n_held], None

    def flush(self) -> str:
        """Return what is still held back: the text ends here, no stop string will come."""
        text, self._held = self._held, ""
        return text

    def _n_possible(self, text: str) -> int:
        """Return the length of the longest end of `text` that is a proper beginning of a stop string."""
        for n in range(min(self._n_longest - 1, len(text)), 0, -1):
            end = text[-n:]
            if any(len(stop) > n and stop.startswith(end) for stop in self._stops):
                return n
        return 0
