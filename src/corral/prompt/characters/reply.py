"""The character's message out of what the model wrote: whole, or as it comes."""

from __future__ import annotations

import re

MARKS = ("<s>", "</s>", "<END>")


class ReplyTrimmer:
    """Passes on the character's last message, and nothing that the whole message would not hold.

    It ends at the first `userName:`; `charName:` and `MARKS` are left out, of two marks that overlap the
    first and longest counts, and white space around the message is trimmed. Text that may be the beginning
    of a mark, or the end of the message, is held back.
    """

    def __init__(self, user_name: str, char_name: str) -> None:
        self._end = f"{user_name}:" if user_name else None
        names = [f"{name}:" for name in (user_name, char_name) if name]
        self._marks = sorted({*names, *MARKS}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._marks)))
        self._held = ""
        self._blank = ""
        self._has_begun = False
        self._is_cut = False

    def feed(self, text: str) -> str:
        """Return what can be shown after `text` came."""
        if self._is_cut:
            return ""
        self._held += text
        return self._shown(self._taken(self._n_possible(self._held)))

    def close(self) -> str:
        """Return the rest that was held back: no more text will come."""
        return "" if self._is_cut else self._shown(self._taken(0))

    def _taken(self, n_possible: int) -> str:
        """Return what is sure of the text held; its last `n_possible` characters may become a mark."""
        text, self._held = self._held, ""
        n_sure = len(text) - n_possible
        parts: list[str] = []
        end = 0
        while (found := self._pattern.search(text, end)) and (not n_possible or found.start() < n_sure):
            parts.append(text[end : found.start()])
            end = found.end()
            if found[0] == self._end:
                self._is_cut = True
                return "".join(parts)
        self._held = text[max(end, n_sure) :]
        return "".join([*parts, text[end:n_sure]])

    def _n_possible(self, text: str) -> int:
        """Return the length of the longest end of `text` that is a proper beginning of a mark."""
        longest = min(len(self._marks[0]) - 1, len(text))
        ends = (text[-n:] for n in range(longest, 0, -1))
        return next((len(e) for e in ends if any(m != e and m.startswith(e) for m in self._marks)), 0)

    def _shown(self, text: str) -> str:
        """Hold white space back until something follows it."""
        text = self._blank + text if self._has_begun else text.lstrip()
        shown = text.rstrip()
        self._has_begun = self._has_begun or bool(shown)
        self._blank = text[len(shown) :] if self._has_begun else ""
        return shown


def message_of(text: str, user_name: str, char_name: str) -> str:
    """Return the character's message in a whole text, as `ReplyTrimmer` tells it."""
    trimmer = ReplyTrimmer(user_name, char_name)
    return trimmer.feed(text) + trimmer.close()
