"""A lorebook as every file format means it (character cards V2 and V3, Corral's YAML)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import msgspec

ALWAYS = 100  # per cent
# As SillyTavern tells an expression from words: no slash in it that is not escaped, JavaScript's old flags.
_IN_SLASHES = re.compile(r"/(?:[^/\\]|\\.)+/[gimsuy]*", re.DOTALL)


class Place(StrEnum):
    """Where an entry stands that was activated.

    ANCHORED: before the message that spoke of it first, and there for good, so that the prompt of the next
    turn begins as this one's did. BEFORE and AFTER: around the description, for constant entries. DEPTH: so
    many messages before the end, whatever that costs.
    """

    ANCHORED = "anchored"
    BEFORE = "before_character"
    AFTER = "after_character"
    DEPTH = "depth"


class LoreEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to tell when one of `keys` is spoken of, and with `is_selective` one of `secondary_keys` too.

    `is_constant`: always. `order`: entries in the same place stand in rising order. `priority`: where the
    budget is too small for all that one message speaks of, the lowest go first; None counts as 0.
    `probability` in per cent. `depth` in messages from the end, for `Place.DEPTH`. With `is_regex` the keys
    are regular expressions, with `is_slashed` besides only those in slashes. None of the switches: as the
    book has it. `extra` is kept for who wrote it.
    """

    content: str
    keys: tuple[str, ...] = ()
    secondary_keys: tuple[str, ...] = ()
    is_selective: bool = False
    is_constant: bool = False
    is_enabled: bool = True
    place: Place = Place.ANCHORED
    depth: int | None = None
    order: int = 100
    priority: int | None = None
    probability: float = ALWAYS
    is_case_sensitive: bool = False
    is_regex: bool = False
    is_slashed: bool = False
    is_whole_word: bool = False
    scan_depth: int | None = None
    name: str = ""
    comment: str = ""
    id: int | str | None = None
    extra: dict[str, Any] = {}

    def is_pattern(self, key: str) -> bool:
        """Tell whether one of its keys is a regular expression, not words."""
        return self.is_regex and (not self.is_slashed or is_in_slashes(key))


class Lorebook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Entries, and how they are looked for.

    `scan_depth`: how many last messages are looked at each time. `token_budget`: how many tokens all active
    entries may take, None for a quarter of the context. With `is_recursive` what one entry says may activate
    others, over at most `recursion_limit` rounds.
    """

    entries: tuple[LoreEntry, ...] = ()
    name: str = ""
    description: str = ""
    scan_depth: int | None = None
    token_budget: int | None = None
    is_recursive: bool = False
    recursion_limit: int = 3
    extra: dict[str, Any] = {}


def is_in_slashes(key: str) -> bool:
    """Tell whether a key is written as a regular expression: "/expression/flags"."""
    return _IN_SLASHES.fullmatch(key) is not None
