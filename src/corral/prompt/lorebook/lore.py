"""A lorebook looked up in one history: what could be told, and what the budget leaves of it.

    history:   u0        a1        u2        a3        u4
    speaks of: dragon              keep                dragon
    prompt:    [D] u0    a1   [K]  u2        a3        u4          D stands where it was first spoken of

An entry that stands in the history stays there in every later turn, because where it stands is decided by
what comes before it alone. So the prompt of the next turn begins with this one's: the cached prefix holds.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from corral.prompt.lorebook.book import Lorebook, LoreEntry, Place
from corral.prompt.lorebook.entry_keys import KeyRing
from corral.prompt.lorebook.mentions import Mentions, Texts

DEFAULT_SCAN_DEPTH = 4
"""Messages that are looked at where neither book nor entry says."""
DEFAULT_DEPTH = 4
"""Messages before the end at which an entry of `Place.DEPTH` stands that does not say."""


class Spoken(msgspec.Struct, frozen=True):
    """The entries, by number, of which a text says a key, and those of which it says a secondary key."""

    primary: frozenset[int] = frozenset()
    secondary: frozenset[int] = frozenset()


class Lore:
    """The entries of one book beside one history. Never modified once it is made.

    `texts` are the messages' texts, oldest first; "" for one that nobody is to look at. `complaints`: entries
    that cannot be found, in sentences for people.
    """

    def __init__(self, book: Lorebook, texts: Sequence[str]) -> None:
        self.book = book
        self.n_texts = len(texts)
        self.entries = [entry for entry in book.entries if entry.is_enabled and entry.content.strip()]
        ring = KeyRing()
        self._keys = {
            number: keys
            for number, entry in enumerate(self.entries)
            if not entry.is_constant and (keys := ring.cut(entry))
        }
        self.complaints = tuple(ring.complaints)
        found = self._looked_up(texts)
        self.mentions = {number: each for number, each in found.items() if each.numbers}
        self.spoken_at = _by_text(self.mentions)

    @property
    def constants(self) -> list[int]:
        """The entries that are always told."""
        return [number for number, entry in enumerate(self.entries) if entry.is_constant]

    def candidates(self) -> list[LoreEntry]:
        """Return every entry that could be told, however much of the history is left: what to count."""
        open_ends = [*self.constants, *(n for n, each in self.mentions.items() if each.primary)]
        found = set(open_ends)
        while open_ends:
            new = self.spoken_by(open_ends.pop()).primary - found
            found |= new
            open_ends.extend(new)
        return [self.entries[number] for number in sorted(found)]

    def spoken_by(self, number: int) -> Spoken:
        """Return the entries that an entry's own text speaks of; none if the book is not recursive."""
        return self._spoken.get(number, Spoken())

    def scan_depth(self, number: int) -> int:
        """Return how many messages are looked at for an entry."""
        return _first(self.entries[number].scan_depth, self.book.scan_depth, DEFAULT_SCAN_DEPTH)

    def is_selective(self, number: int) -> bool:
        """Tell whether an entry asks for a secondary key."""
        return self._keys[number].secondary is not None

    @functools.cached_property
    def _spoken(self) -> Mapping[int, Spoken]:
        if not self.book.is_recursive:
            return {}
        found = self._looked_up([entry.content for entry in self.entries])
        primary: dict[int, set[int]] = defaultdict(set)
        secondary: dict[int, set[int]] = defaultdict(set)
        for number, each in found.items():
            for source in each.primary:
                primary[source].add(number)
            for source in each.secondary or ():
                secondary[source].add(number)
        return {
            source: Spoken(frozenset(primary[source]), frozenset(secondary[source]))
            for source in {*primary, *secondary}
        }

    def _looked_up(self, texts: Sequence[str]) -> dict[int, Mentions]:
        searched = Texts(texts, self._keys.values())
        return {number: searched.mentions(keys) for number, keys in self._keys.items()}


def depth_of(entry: LoreEntry) -> int:
    """Return how many messages before the end an entry stands; 0 is behind the last."""
    return max(0, _first(entry.depth, DEFAULT_DEPTH))


def is_deep(entry: LoreEntry) -> bool:
    """Tell whether an entry stands at a distance from the end."""
    return entry.place is Place.DEPTH


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)


def _by_text(mentions: Mapping[int, Mentions]) -> dict[int, list[int]]:
    """Return, for each text, the entries that it speaks of."""
    by_text: dict[int, list[int]] = defaultdict(list)
    for number, each in mentions.items():
        for text in each.numbers:
            by_text[text].append(number)
    return dict(by_text)
