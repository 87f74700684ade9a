"""One key of a lorebook's entry, and whether a text says it."""

from __future__ import annotations

import unicodedata

from corral.prompt.lorebook.patterns import Pattern

# First and last code points of scripts that write no blanks between words, or hang particles on them: there a
# neighbouring letter says nothing about where a word ends. (Thai, Lao, Tibetan, Myanmar, Hangul, Khmer,
# Hiragana, Katakana, Bopomofo, Han and its extensions; from Scripts.txt of Unicode 15.)
_WITHOUT_BLANKS = (
    (0x0E00, 0x0FFF),
    (0x1000, 0x109F),
    (0x1100, 0x11FF),
    (0x1780, 0x17FF),
    (0x2E80, 0xA4CF),
    (0xA960, 0xA97F),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFFDC),
    (0x16FE0, 0x18DFF),
    (0x1AFF0, 0x1B2FF),
    (0x20000, 0x3FFFF),
)


class Said:
    """A text as keys are looked for in it: as written, composed, and without case."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.composed = composed(text)
        self.folded = self.composed.casefold()


class PlainKey:
    """Words, in a text's letters."""

    def __init__(self, key: str, *, is_case_sensitive: bool, is_whole_word: bool) -> None:
        self._is_case_sensitive = is_case_sensitive
        self._is_whole_word = is_whole_word
        self.letters = composed(key.strip())
        if not is_case_sensitive:
            self.letters = self.letters.casefold()

    def is_in(self, said: Said) -> bool:
        """Tell whether the text says it. The empty key is said nowhere."""
        text = said.composed if self._is_case_sensitive else said.folded
        if not self.letters or self.letters not in text:
            return False
        return not self._is_whole_word or _has_word(text, self.letters)


class PatternKey:
    """A regular expression; its time is bounded (`prompt.lorebook.patterns`)."""

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern

    def is_in(self, said: Said) -> bool:
        """Tell whether the text matches anywhere."""
        return self._pattern.is_in(said.text)


Key = PlainKey | PatternKey


def composed(text: str) -> str:
    """Return the text with letters and their accents in one, however it was typed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _has_word(text: str, word: str) -> bool:
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if _is_border(text[at - 1 : at], word[0]) and _is_border(word[-1], text[end : end + 1]):
            return True
        at = text.find(word, at + 1)
    return False


def _is_border(left: str, right: str) -> bool:
    """Tell whether a word may end between two neighbours; "" is the end of the text."""
    return not (_is_bound(left) and _is_bound(right))


def _is_bound(char: str) -> bool:
    """Tell whether a letter hangs together with the letters beside it."""
    if not (char.isalnum() or char == "_" or (char and unicodedata.combining(char))):
        return False
    return not any(first <= ord(char) <= last for first, last in _WITHOUT_BLANKS)
