"""The keys of a book's entries, ready to be looked for."""

from __future__ import annotations

import msgspec

from corral.prompt.lorebook.book import LoreEntry
from corral.prompt.lorebook.keys import Key, PatternKey, PlainKey
from corral.prompt.lorebook.patterns import Pattern, PatternRefusedError, weight

MAX_PATTERNS_WEIGHT = 10_000
"""Of all patterns of a book (`patterns.weight`): what bounds the time of compiling and matching them."""


class EntryKeys(msgspec.Struct, frozen=True):
    """What an entry is known by. `secondary` None: it asks for none."""

    primary: tuple[Key, ...]
    secondary: tuple[Key, ...] | None = None


class KeyRing:
    """Makes the keys of one book's entries, and keeps what there is to complain about."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._n_left = MAX_PATTERNS_WEIGHT

    def cut(self, entry: LoreEntry) -> EntryKeys | None:
        """Return the keys of an entry; None if it has none or one that cannot be used, which is told."""
        try:
            primary = self._keys(entry, entry.keys)
            secondary = self._keys(entry, entry.secondary_keys) if entry.is_selective else ()
        except PatternRefusedError as error:
            self.complaints.append(str(error))
            return None
        return EntryKeys(primary, secondary or None) if primary else None

    def _keys(self, entry: LoreEntry, keys: tuple[str, ...]) -> tuple[Key, ...]:
        return tuple(self._key(entry, key) for key in keys if key.strip())

    def _key(self, entry: LoreEntry, key: str) -> Key:
        is_case_sensitive = entry.is_case_sensitive
        if not entry.is_pattern(key):
            return PlainKey(key, is_case_sensitive=is_case_sensitive, is_whole_word=entry.is_whole_word)
        try:
            return PatternKey(self._pattern(key, is_case_sensitive=is_case_sensitive))
        except PatternRefusedError as error:
            raise PatternRefusedError(f"Lore entry {_called(entry)!r}: key {key[:80]!r}: {error}") from error

    def _pattern(self, key: str, *, is_case_sensitive: bool) -> Pattern:
        pattern = Pattern(key, is_case_sensitive=is_case_sensitive)
        self._n_left -= weight(key)
        if self._n_left < 0:
            raise PatternRefusedError("the book has too many expressions")
        return pattern


def _called(entry: LoreEntry) -> str:
    """Return what a person knows the entry by."""
    return entry.name or entry.comment or entry.content[:40]
