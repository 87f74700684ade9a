"""What a model thinks before it answers, told apart from the answer while it comes.

Models write their thoughts between two tags at the beginning of the answer; some templates write the first
tag themselves, at the end of the prompt.
"""

from __future__ import annotations

import msgspec

from corral.prompt.tags import TagFinder


class ThinkTags(msgspec.Struct, frozen=True):
    """What stands around thoughts."""

    begin: str
    end: str


DEFAULT_TAGS = ThinkTags("<think>", "</think>")
# The pairs of model families, as their published templates write them.
_KNOWN = (
    DEFAULT_TAGS,
    ThinkTags("[THINK]", "[/THINK]"),
    ThinkTags("<seed:think>", "</seed:think>"),
    ThinkTags("<|START_THINKING|>", "<|END_THINKING|>"),
)


def tags_of(source: str) -> ThinkTags | None:
    """Return the tags that a template's source names, None if it knows of no thinking."""
    return next((tags for tags in _KNOWN if tags.end in source or tags.begin in source), None)


def is_open(prompt: str, tags: ThinkTags) -> bool:
    """Tell whether a prompt ends inside thoughts, so that the answer goes on with them."""
    return prompt.rstrip().endswith(tags.begin)


class ReasoningSplit:
    """Parts a growing text into thoughts and answer.

    White space around either belongs to neither. Thoughts stand at the beginning only; an answer that begins
    otherwise has none. `is_open`: the first tag was in the prompt.
    """

    def __init__(self, tags: ThinkTags, *, is_open: bool = False) -> None:
        self._tags = tags
        self._end = TagFinder(tags.end)
        self._held = ""
        self._is_thinking = is_open
        self._is_decided = is_open
        self._is_blank = is_open  # nothing but white space since the last border

    def feed(self, text: str) -> tuple[str, str]:
        """Return (thoughts, answer) that `text` settles."""
        if not self._is_decided:
            text = self._decide(text)
        return self._think(text) if self._is_thinking else ("", self._without_blank(text))

    def flush(self) -> tuple[str, str]:
        """Return what was held back: nothing comes any more."""
        if not self._is_decided:
            text, self._held = self._held, ""
            return "", text
        return ((self._held + self._end.flush()).rstrip(), "") if self._is_thinking else ("", "")

    def _decide(self, text: str) -> str:
        """Return what is behind the border once it is known whether the answer begins with thoughts."""
        text = self._held + text
        begin, seen = self._tags.begin, text.lstrip()
        if begin.startswith(seen) and seen != begin:
            self._held = text
            return ""
        self._is_decided = True
        self._held = ""
        self._is_thinking = self._is_blank = seen.startswith(begin)
        return seen.removeprefix(begin) if self._is_thinking else text

    def _think(self, text: str) -> tuple[str, str]:
        before, rest = self._end.feed(text)
        thoughts = self._held + self._without_blank(before)
        shown = thoughts.rstrip()
        if rest is None:
            self._held = thoughts[len(shown) :]  # white space before the end tag is not shown
            return shown, ""
        self._held = ""
        self._is_thinking, self._is_blank = False, True
        return shown, self._without_blank(rest)

    def _without_blank(self, text: str) -> str:
        if not self._is_blank:
            return text
        text = text.lstrip()
        self._is_blank = not text
        return text
