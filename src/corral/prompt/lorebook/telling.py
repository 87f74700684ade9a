"""Which entries are told in a history, and where each stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from corral.prompt.chance import fraction
from corral.prompt.lorebook.book import ALWAYS, LoreEntry, Place
from corral.prompt.lorebook.lore import Lore, depth_of, is_deep

_NOWHERE = -1  # the place of a choice that no message is the reason of


class Told(msgspec.Struct, frozen=True):
    """Entries with their places, each list in the order in which it is to be read.

    `before` and `after` stand around the description, `anchored` right before the message of that number,
    `deep` so many messages before the end.
    """

    before: tuple[LoreEntry, ...] = ()
    after: tuple[LoreEntry, ...] = ()
    anchored: Mapping[int, tuple[LoreEntry, ...]] = {}
    deep: Mapping[int, tuple[LoreEntry, ...]] = {}

    @property
    def entries(self) -> list[LoreEntry]:
        """All of them."""
        groups = [self.before, self.after, *self.anchored.values(), *self.deep.values()]
        return [entry for group in groups for entry in group]


def tell(lore: Lore, counts: Mapping[str, int], budget: int | None, *, start: int = 0, seed: int = 0) -> Told:
    """Return what is told where, when the history begins with its message `start`.

    `counts` has the tokens of each candidate's content; all that is told takes at most `budget` tokens, None
    for any number. Constant entries take theirs first, then those that stand in the history, in the order in
    which they were spoken of, then those at a depth: one told early is never pushed out by one that comes
    later, because that would change the prompt's beginning. Among those spoken of in one message priority
    decides. An entry is told once, and so is a text that two entries have.

    An entry with a probability is drawn at each message that speaks of it until it is told; the same `seed`
    draws the same. What entries at a depth speak of stands at a depth as well: they are gone in a few turns.
    """
    telling = _Telling(lore, counts, budget, start=start, seed=seed)
    telling.tell_constants()
    for at in range(start, lore.n_texts):
        telling.tell_message(at)
    telling.tell_deep()
    return telling.told()


class _Telling:
    """The state of one `tell`. `_at` holds the message of each entry told so far, None for constants."""

    def __init__(
        self, lore: Lore, counts: Mapping[str, int], budget: int | None, *, start: int, seed: int
    ) -> None:
        self._lore = lore
        self._counts = counts
        self._n_left = budget
        self._start = start
        self._seed = seed
        self._at: dict[int, int | None] = {}
        self._deep: set[int] = set()
        self._contents: set[str] = set()

    def tell_constants(self) -> None:
        constants = self._lucky(self._lore.constants, _NOWHERE)
        told = self._spread(constants, None)
        self._deep.update(number for number in told if is_deep(self._lore.entries[number]))

    def tell_message(self, at: int) -> None:
        spoken = [number for number in self._lore.spoken_at.get(at, ()) if self._is_spoken_of(number, at)]
        self._spread(self._lucky(self._still(spoken, has_deep=False), at), at)

    def tell_deep(self) -> None:
        """Tell what the last messages, and the entries that stand among them, speak of."""
        last = self._lore.n_texts - 1
        if last < self._start:
            return
        entries = self._lore.entries
        recent = [n for n, at in self._at.items() if at is not None and at > last - self._lore.scan_depth(n)]
        spoken = [n for n in self._lore.mentions if is_deep(entries[n]) and self._is_spoken_of(n, last)]
        lucky = [n for n in self._still(spoken, has_deep=True) if self._is_lucky(n, self._last_mention(n))]
        self._deep.update(self._spread(lucky, last, is_deep_wanted=True, sources=recent))

    def told(self) -> Told:
        groups: dict[tuple[Place, int], list[int]] = defaultdict(list)
        for number, at in self._at.items():
            groups[self._place(number, at)].append(number)
        ordered = {place: self._ordered(numbers) for place, numbers in groups.items()}
        return Told(
            before=ordered.get((Place.BEFORE, 0), ()),
            after=ordered.get((Place.AFTER, 0), ()),
            anchored={n: told for (place, n), told in sorted(ordered.items()) if place is Place.ANCHORED},
            deep={n: told for (place, n), told in sorted(ordered.items()) if place is Place.DEPTH},
        )

    def _spread(
        self,
        begun: Iterable[int],
        at: int | None,
        *,
        is_deep_wanted: bool = False,
        sources: Iterable[int] = (),
    ) -> list[int]:
        """Tell `begun`, then what these speak of, round by round. Return those told.

        `sources` have been told before: of what they speak of only entries at a depth are still to come.
        """
        has_deep = is_deep_wanted or at is None
        newest = self._take(begun, at)
        told = list(newest)
        late = {n for n in self._spoken_by(sources, at) if is_deep(self._lore.entries[n])}
        for _ in range(self._lore.book.recursion_limit):
            spoken = self._still(self._spoken_by(newest, at) | late, has_deep=has_deep)
            newest = self._take(self._lucky(spoken, _NOWHERE if is_deep_wanted or at is None else at), at)
            told += newest
            late = set()
            if not newest:
                break
        return told

    def _take(self, numbers: Iterable[int], at: int | None) -> list[int]:
        """Tell those that the budget has room for, the most important first. Return them."""
        return [number for number in sorted(numbers, key=self._rank) if self._has_taken(number, at)]

    def _has_taken(self, number: int, at: int | None) -> bool:
        content = self._lore.entries[number].content
        if content in self._contents:
            return False
        if self._n_left is not None:
            if self._counts[content] > self._n_left:
                return False
            self._n_left -= self._counts[content]
        self._contents.add(content)
        self._at[number] = at
        return True

    def _spoken_by(self, sources: Iterable[int], at: int | None) -> set[int]:
        """Return the entries that `sources` speak of; messages may say what is missing of their keys."""
        found: set[int] = set()
        for source in sources:
            spoken = self._lore.spoken_by(source)
            both = spoken.primary | spoken.secondary
            found.update(
                n for n in both if self._is_complete(n, at, n in spoken.primary, n in spoken.secondary)
            )
        return found

    def _is_complete(self, number: int, at: int | None, has_primary: bool, has_secondary: bool) -> bool:  # noqa: FBT001 - told once, above
        mentions = self._lore.mentions.get(number)
        begin, end = (0, 0) if at is None else self._window(number, at)
        is_primary = has_primary or (mentions is not None and mentions.has_primary(begin, end))
        is_secondary = has_secondary or not self._lore.is_selective(number)
        return is_primary and (is_secondary or (mentions is not None and mentions.has_secondary(begin, end)))

    def _is_spoken_of(self, number: int, at: int) -> bool:
        return self._lore.mentions[number].are_in(*self._window(number, at))

    def _window(self, number: int, at: int) -> tuple[int, int]:
        """Return the messages [begin, end) that are looked at for an entry at the message `at`."""
        return max(self._start, at + 1 - self._lore.scan_depth(number)), at + 1

    def _still(self, numbers: Iterable[int], *, has_deep: bool) -> list[int]:
        """Return those that are not told yet and may be now."""
        entries = self._lore.entries
        return [n for n in numbers if n not in self._at and (has_deep or not is_deep(entries[n]))]

    def _lucky(self, numbers: Iterable[int], at: int) -> list[int]:
        return [number for number in numbers if self._is_lucky(number, at)]

    def _is_lucky(self, number: int, at: int) -> bool:
        entry = self._lore.entries[number]
        return entry.probability >= ALWAYS or (
            fraction(self._seed, entry.content, at) * ALWAYS < entry.probability
        )

    def _last_mention(self, number: int) -> int:
        return max(self._lore.mentions[number].numbers)

    def _place(self, number: int, at: int | None) -> tuple[Place, int]:
        entry = self._lore.entries[number]
        if number in self._deep:
            return Place.DEPTH, depth_of(entry)
        if at is not None:
            return Place.ANCHORED, at
        return (Place.BEFORE if entry.place is Place.BEFORE else Place.AFTER), 0

    def _ordered(self, numbers: Iterable[int]) -> tuple[LoreEntry, ...]:
        entries = self._lore.entries
        return tuple(entries[n] for n in sorted(numbers, key=lambda n: (entries[n].order, n)))

    def _rank(self, number: int) -> tuple[int, int, int]:
        entry = self._lore.entries[number]
        return -(entry.priority or 0), entry.order, number
