"""A tag in a text that grows: found across the borders of its pieces."""

from __future__ import annotations


class TagFinder:
    """Passes text through until `tag` is complete; what may be its beginning waits."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._held = ""

    def feed(self, text: str) -> tuple[str, str | None]:
        """Return (the text before the tag, the text behind it); None while there is no tag."""
        text = self._held + text
        before, tag, behind = text.partition(self._tag)
        if tag:
            self._held = ""
            return before, behind
        n_held = n_begun(text, self._tag)
        self._held = text[len(text) - n_held :]
        return text[: len(text) - n_held], None

    def flush(self) -> str:
        """Return what waits: no tag will come."""
        text, self._held = self._held, ""
        return text


def n_begun(text: str, tag: str) -> int:
    """Return how many characters at the end of `text` are a beginning of `tag`, fewer than all of it."""
    longest = min(len(tag) - 1, len(text))
    return next((n for n in range(longest, 0, -1) if text.endswith(tag[:n])), 0)
