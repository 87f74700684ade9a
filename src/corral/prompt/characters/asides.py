"""What a persona tells beside what was said: its lore, and the text behind the history.

In two steps, as it has to be counted between them:

    asides = Asides(persona, scene, searched)
    costs = asides.costs(counts of asides.texts)
    told = asides.told(costs, start, n_context=4096, n_free=1000)
    asides.inserted(told, roles, start)         where it stands between the messages
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from corral.prompt.characters.insertions import Insertions
from corral.prompt.characters.placeholders import Scene, expand
from corral.prompt.characters.system_text import after_history
from corral.prompt.lorebook.book import Lorebook, LoreEntry
from corral.prompt.lorebook.lore import Lore
from corral.prompt.lorebook.telling import Told, tell
from corral.prompt.persona import Persona

_N_AROUND = 4  # tokens of the brackets and blank lines around a text that is put in
_LORE_SHARE = 4  # of the context, where the book does not say


class Asides:
    """The asides of one persona in one history. Never modified once it is made.

    `searched` are the messages' texts, oldest first; "" for one that nobody is to look at. `texts` are all
    that could be told, `complaints` what is wrong with the book.
    """

    def __init__(self, persona: Persona, scene: Scene, searched: Sequence[str]) -> None:
        self._lore = Lore(expanded(persona.lorebook or Lorebook(), scene), searched)
        self._after = after_history(persona, scene)
        self._seed = scene.seed
        lore = [entry.content for entry in self._lore.candidates()]
        self.texts = list(dict.fromkeys([*([self._after] if self._after else []), *lore]))
        self.complaints = self._lore.complaints

    def costs(self, counts: Sequence[int]) -> dict[str, int]:
        """Return the tokens of each text with what is around it; `counts` are those of each of `texts`."""
        return {text: n + _N_AROUND for text, n in zip(self.texts, counts, strict=True)}

    def n_always(self, costs: Mapping[str, int]) -> int:
        """Return the tokens of what always stands, whatever is told."""
        return costs[self._after] if self._after else 0

    def told(self, costs: Mapping[str, int], start: int, *, n_context: int, n_free: int) -> Told:
        """Return the lore of the history from its message `start` on.

        It gets what its book allows, a quarter of the context where that does not say, and never more than
        the `n_free` tokens that are left beside what has to stand.
        """
        wanted = self._lore.book.token_budget
        n_wanted = n_context // _LORE_SHARE if wanted is None else wanted
        return tell(self._lore, costs, max(0, min(n_wanted, n_free)), start=start, seed=self._seed)

    def inserted(self, told: Told, roles: Sequence[str], start: int) -> Insertions:
        """Return where it all stands between messages of these roles, those from `start` on."""
        inserted = Insertions(roles, start)
        for number, entries in told.anchored.items():
            inserted.anchor(number, [entry.content for entry in entries])
        # The farthest first: two that end up in one message then stand in the order of the chat.
        for depth, entries in sorted(told.deep.items(), reverse=True):
            inserted.put_before_end(depth, [entry.content for entry in entries])
        if self._after:
            inserted.put_before_end(0, [self._after])
        return inserted


def expanded(book: Lorebook, scene: Scene) -> Lorebook:
    """Return the book with the placeholders of its texts and plain keys filled in."""
    entries = []
    for number, entry in enumerate(book.entries):
        place = f"lore {number}"
        filled = msgspec.structs.replace(
            entry,
            content=expand(entry.content, scene, place),
            keys=_keys(entry, entry.keys, scene, place),
            secondary_keys=_keys(entry, entry.secondary_keys, scene, place),
        )
        entries.append(filled)
    return msgspec.structs.replace(book, entries=tuple(entries))


def _keys(entry: LoreEntry, keys: Sequence[str], scene: Scene, place: str) -> tuple[str, ...]:
    return tuple(key if entry.is_pattern(key) else expand(key, scene, f"{place} keys") for key in keys)


NO_ASIDES = Asides(Persona(name=""), Scene(character="", user=""), ())
"""Those of a character that has none."""


def n_told(told: Told, costs: Mapping[str, int]) -> int:
    """Return the tokens of all lore that is told."""
    return sum(costs[entry.content] for entry in told.entries)
