"""The objects of a card as they stand in its JSON. Other keys may be there too; null stands for absent."""

from __future__ import annotations

import math
import re
from typing import Any, TypeVar

import msgspec

from corral.core.errors import CharacterFileError

_T = TypeVar("_T")
_LINE_END = re.compile(r"\r+\n")
_MAX_WHOLE = 2**53  # what every JSON reader keeps exact
_MAX_COMPLAINT = 200  # characters


class CardFields(msgspec.Struct, frozen=True):
    """What V1, V2 and V3 say of a character. Of V1 the first six only."""

    name: str
    description: str | None = None
    personality: str | None = None
    scenario: str | None = None
    first_mes: str | None = None
    mes_example: str | None = None
    creator_notes: str | None = None
    system_prompt: str | None = None
    post_history_instructions: str | None = None
    alternate_greetings: list[str] | None = None
    tags: list[str] | None = None
    creator: str | None = None
    character_version: str | None = None
    extensions: dict[str, Any] | None = None
    character_book: dict[str, Any] | None = None


class CardFieldsV3(CardFields, frozen=True):
    """What V3 adds and we serve; the rest of it is kept as it stands."""

    nickname: str | None = None
    source: list[str] | None = None


V1_KEYS = ("name", "description", "personality", "scenario", "first_mes", "mes_example")


class BookFields(msgspec.Struct, frozen=True):
    """A lorebook."""

    entries: list[dict[str, Any]]
    name: str | None = None
    description: str | None = None
    scan_depth: int | float | None = None
    token_budget: int | float | None = None
    recursive_scanning: bool | None = None
    extensions: dict[str, Any] | None = None


class EntryFields(msgspec.Struct, frozen=True):
    """An entry of a lorebook. `use_regex` is V3's."""

    content: str | None = None
    keys: tuple[str, ...] | None = None
    secondary_keys: tuple[str, ...] | None = None
    extensions: dict[str, Any] | None = None
    enabled: bool | None = None
    insertion_order: int | float | None = None
    case_sensitive: bool | None = None
    constant: bool | None = None
    selective: bool | None = None
    position: str | None = None
    name: str | None = None
    comment: str | None = None
    priority: int | float | None = None
    id: int | float | str | None = None


class EntryFieldsV3(EntryFields, frozen=True):
    """An entry of V3."""

    use_regex: bool | None = None


def lines(text: str) -> str:
    """Return a text whose lines end as models know it, whatever wrote it."""
    return _LINE_END.sub("\n", text)


def convert(raw: object, wanted: type[_T], where: str) -> _T:
    """Return `raw` as a `wanted`. Raises CharacterFileError, which names the field below `where`."""
    try:
        return msgspec.convert(raw, wanted)
    except msgspec.ValidationError as error:
        raise CharacterFileError(complaint(str(error), where)) from None


def complaint(said: str, where: str) -> str:
    """Turn msgspec's "Expected `str`, got `int` - at `$.name`" into "data.name: expected str, got int"."""
    what, found, path = said.rpartition(" - at `$")
    what = (what if found else path)[:_MAX_COMPLAINT].replace(" | null", "").replace("`", "")
    place = f"{where}{path.removesuffix('`')}" if found else where
    return f"{place.removeprefix('.') or 'the file'}: {what[:1].lower()}{what[1:]}"


def whole(number: float | None, where: str) -> int | None:
    """Return a number without its fraction. Raises CharacterFileError for one that is out of all range."""
    if number is None:
        return None
    if abs(number) > _MAX_WHOLE:
        raise CharacterFileError(f"{where}: the number is too large")
    return math.floor(number)
