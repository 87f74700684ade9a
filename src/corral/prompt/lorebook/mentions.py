"""Which texts speak of which entries."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import msgspec

from corral.prompt.lorebook.entry_keys import EntryKeys
from corral.prompt.lorebook.keys import Key, PlainKey, Said

# From so many keys on an index of the texts costs less than it saves: it takes as long as 500 searches.
_MANY_KEYS = 500
_N_GRAM = 3


class Mentions(msgspec.Struct, frozen=True):
    """The numbers of the texts that say an entry's keys, rising. `secondary` None: it asks for none."""

    primary: tuple[int, ...]
    secondary: tuple[int, ...] | None

    @property
    def numbers(self) -> set[int]:
        """The texts that say any of them."""
        return {*self.primary, *(self.secondary or ())}

    def are_in(self, begin: int, end: int) -> bool:
        """Tell whether the texts [begin, end) say what the entry asks for."""
        return self.has_primary(begin, end) and self.has_secondary(begin, end)

    def has_primary(self, begin: int, end: int) -> bool:
        """Tell whether one of the texts [begin, end) says a key."""
        return _has_in(self.primary, begin, end)

    def has_secondary(self, begin: int, end: int) -> bool:
        """Tell whether one of the texts [begin, end) says a secondary key, where one is asked for."""
        return self.secondary is None or _has_in(self.secondary, begin, end)


class Texts:
    """Texts that are searched for the keys of `wanted`, and for no others."""

    def __init__(self, texts: Iterable[str], wanted: Iterable[EntryKeys]) -> None:
        self._said = [Said(text) for text in texts]
        keys = [key for each in wanted for key in (*each.primary, *(each.secondary or ()))]
        self._index = _indexed(self._said, keys) if len(keys) >= _MANY_KEYS else None

    def mentions(self, keys: EntryKeys) -> Mentions:
        """Return where an entry is spoken of."""
        primary = self._numbers(keys.primary)
        if keys.secondary is None:
            return Mentions(primary, None)
        return Mentions(primary, self._numbers(keys.secondary))

    def _numbers(self, keys: Sequence[Key]) -> tuple[int, ...]:
        found: set[int] = set()
        for key in keys:
            found.update(i for i in self._where(key) if i not in found and key.is_in(self._said[i]))
        return tuple(sorted(found))

    def _where(self, key: Key) -> Sequence[int]:
        """Return the texts that may say it."""
        if self._index is None or not isinstance(key, PlainKey):
            return range(len(self._said))
        gram = _gram(key)
        return self._index.get(gram, ()) if len(gram) == _N_GRAM else range(len(self._said))


def _gram(key: PlainKey) -> str:
    return key.letters.casefold()[:_N_GRAM]


def _indexed(said: Sequence[Said], keys: Iterable[Key]) -> dict[str, list[int]]:
    """Return, for the first three letters of each key, the numbers of the texts that have them in a row."""
    index: dict[str, list[int]] = {_gram(key): [] for key in keys if isinstance(key, PlainKey)}
    for number, each in enumerate(said):
        text = each.folded
        for gram in index.keys() & {text[i : i + _N_GRAM] for i in range(len(text) - _N_GRAM + 1)}:
            index[gram].append(number)
    return index


def _has_in(numbers: Sequence[int], begin: int, end: int) -> bool:
    at = bisect_left(numbers, begin)
    return at < len(numbers) and numbers[at] < end
