"""The keys of Corral's own character files, and what they say. An unknown one is refused."""

from __future__ import annotations

import difflib
import re
from typing import Any

import msgspec

from corral.core.errors import CharacterFileError
from corral.prompt.cards.wire import complaint
from corral.prompt.lorebook.book import ALWAYS, Place


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One mapping of the file."""


class SamplingRecord(Record, frozen=True, kw_only=True):
    """`PersonaSampling`."""

    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repeat_penalty: float | None = None
    repeat_last_n: int | None = None
    max_tokens: int | None = None


class CreditsRecord(Record, frozen=True, kw_only=True):
    """`Credits`."""

    creator: str = ""
    version: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


class PrefixesRecord(Record, frozen=True, kw_only=True):
    """How turns begin where a prompt is plain text."""

    user: str | None = None
    character: str | None = None


class TurnRecord(Record, frozen=True, kw_only=True):
    """One turn of an example; one of the three."""

    user: str | None = None
    character: str | None = None
    system: str | None = None


class EntryRecord(Record, frozen=True, kw_only=True):
    """`LoreEntry`."""

    content: str
    keys: tuple[str, ...] = ()
    secondary_keys: tuple[str, ...] = ()
    selective: bool = False
    constant: bool = False
    enabled: bool = True
    place: Place = Place.ANCHORED
    depth: int | None = None
    order: int = 100
    priority: int | None = None
    probability: float = ALWAYS
    case_sensitive: bool = False
    regex: bool = False
    slashed: bool = False
    whole_word: bool = False
    scan_depth: int | None = None
    name: str = ""
    comment: str = ""
    id: int | str | None = None
    extra: dict[str, Any] = {}


class BookRecord(Record, frozen=True, kw_only=True):
    """`Lorebook`."""

    name: str = ""
    description: str = ""
    scan_depth: int | None = None
    token_budget: int | None = None
    recursive: bool = False
    recursion_limit: int = 3
    entries: tuple[EntryRecord, ...] = ()
    extra: dict[str, Any] = {}


class CharacterRecord(Record, frozen=True, kw_only=True):
    """`Persona`. `greeting` is the first one; `greetings` are the ones behind it, or all of them."""

    name: str
    nickname: str = ""
    description: str = ""
    personality: str = ""
    scenario: str = ""
    system: str | None = None
    after_history: str = ""
    greeting: str | None = None
    greetings: tuple[str, ...] = ()
    examples: tuple[tuple[TurnRecord, ...], ...] = ()
    emotions: tuple[str, ...] = ()
    sampling: SamplingRecord = SamplingRecord()
    stop: tuple[str, ...] = ()
    user_name: str = "User"
    prefixes: PrefixesRecord = PrefixesRecord()
    lorebook: BookRecord | None = None
    credits: CreditsRecord = CreditsRecord()
    extensions: dict[str, Any] = {}


FREE = ("extensions", "extra", "id")
"""The keys below which a plain `1` is a number: what stands there is others'."""

# Where msgspec found an unknown key, and the mapping that stands there.
_MAPPINGS: dict[str, type[Record]] = {
    "": CharacterRecord,
    ".sampling": SamplingRecord,
    ".credits": CreditsRecord,
    ".prefixes": PrefixesRecord,
    ".examples": TurnRecord,
    ".lorebook": BookRecord,
    ".lorebook.entries": EntryRecord,
}
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `\$(.*)`)?", re.DOTALL)


def read_record(tree: dict[str, Any]) -> CharacterRecord:
    """Return the record. Raises CharacterFileError, which names the key."""
    try:
        return msgspec.convert(tree, CharacterRecord, strict=False)
    except msgspec.ValidationError as error:
        raise CharacterFileError(_complaint(str(error))) from None


def _complaint(said: str) -> str:
    unknown = _UNKNOWN.fullmatch(said)
    if unknown is None:
        return complaint(said, "")
    key, path = unknown[1], unknown[2] or ""
    known = _MAPPINGS[re.sub(r"\[.*?\]", "", path)].__struct_fields__
    matches = difflib.get_close_matches(key[:100], known, n=1)
    hint = f"did you mean {matches[0]}?" if matches else f"known are {', '.join(known)}"
    place = f"{path.removeprefix('.')}: " if path else ""
    return f"{place}unknown key {key[:100]!a}; {hint}"
