"""A character card as JSON, of whichever version, read and written.

Reading and writing again loses nothing: keys of other applications, the wording of the examples, decorators
and notes in other languages come back, in the version they were read from and in the others.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec

from corral.core.errors import CharacterFileError
from corral.prompt.cards import strict_json
from corral.prompt.cards.book import read_book, write_book
from corral.prompt.cards.character import BOOK, read_character, write_character, write_v1
from corral.prompt.cards.depth_prompt import with_entry, without_entry
from corral.prompt.cards.kept import EXTENSIONS, OWN, Raw, remainder, restored
from corral.prompt.cards.otherwise import specified, specified_card
from corral.prompt.cards.wire import V1_KEYS
from corral.prompt.characters.bounds import checked
from corral.prompt.persona import Persona


class CardVersion(IntEnum):
    """Which specification a card follows. V1 has no place for more than six texts."""

    V1 = 1
    V2 = 2
    V3 = 3


_SPECS = {"chara_card_v2": CardVersion.V2, "chara_card_v3": CardVersion.V3}
_NAMES = {version: name for name, version in _SPECS.items()}
_CARD, _TOP, _DATA, _MIRRORED, _SPEC = "card", "top", "data", "mirrored", "spec"


def read_json(content: bytes) -> Persona:
    """Return the persona of a card's JSON.

    Raises:
        CharacterFileError: no JSON, no card, or a field is wrong; the message names it.
    """
    return read_object(strict_json.decode(content))


def read_object(raw: object) -> Persona:
    """Return the persona of a card's object. Raises CharacterFileError as `read_json`."""
    if not isinstance(raw, dict):
        raise CharacterFileError("the JSON holds no object, so no character card")
    raw = specified_card(raw)
    version = _version(raw)
    data = raw if version is CardVersion.V1 else raw.get("data")
    where = "" if version is CardVersion.V1 else "data"
    if not isinstance(data, dict):
        raise CharacterFileError("data: expected object")
    if version is CardVersion.V1:
        data = {key: data[key] for key in V1_KEYS if key in data}
    data = specified(data)
    is_v3 = version is CardVersion.V3
    persona = read_character(data, where, is_v3=is_v3)
    book = data.get(BOOK)
    lorebook = None if book is None else read_book(book, f"{where}.{BOOK}", is_v3=is_v3)
    kept = _kept(raw, data, persona, version)
    if kept:
        ours = persona.extensions.get(OWN, {})
        others = {**persona.extensions, OWN: {**ours, _CARD: kept}}
        persona = msgspec.structs.replace(persona, extensions=others)
    return checked(with_entry(msgspec.structs.replace(persona, lorebook=lorebook)))


def write_json(persona: Persona, version: CardVersion) -> bytes:
    """Return the card's JSON. Raises CharacterFileError where JSON cannot say it."""
    return strict_json.encode(write_object(persona, version))


def write_object(persona: Persona, version: CardVersion) -> Raw:
    """Return the card's object."""
    persona = without_entry(persona)
    kept = _card(persona)
    if version is CardVersion.V1:
        return {**_data(persona, kept, version), **_others(kept, V1_KEYS)}
    data = _data(persona, kept, version)
    if persona.lorebook is not None:
        data[BOOK] = write_book(persona.lorebook, is_v3=version is CardVersion.V3)
    mirrored = kept.get(_MIRRORED)
    spec_version = f"{version}.0"
    if kept.get(_SPEC) == _NAMES[version]:
        spec_version = _part(kept, _TOP).get("spec_version", spec_version)
    return {
        "spec": _NAMES[version],
        "spec_version": spec_version,
        **_others(kept, ("spec", "spec_version", _DATA)),
        **{key: data[key] for key in V1_KEYS if isinstance(mirrored, list) and key in mirrored},
        _DATA: data,
    }


def _version(raw: Raw) -> CardVersion:
    spec = raw.get("spec")
    if spec is None:
        is_v1 = "data" not in raw
        if raw.get("kind") == "character" and isinstance(raw.get("persona"), dict):
            raise CharacterFileError("the JSON is in Agnai's own format; export the character as a card (V2)")
        if is_v1 and not ("name" in raw and any(key in raw for key in V1_KEYS[1:])):
            raise CharacterFileError("the JSON is no character card: it has neither `spec` nor V1's fields")
        return CardVersion.V1 if is_v1 else CardVersion.V2
    if not isinstance(spec, str) or spec not in _SPECS:
        known = " or ".join(_SPECS)
        raise CharacterFileError(f"spec: expected {known}, got {strict_json.shown(str(spec))}")
    return _SPECS[spec]


def _kept(raw: Raw, data: Raw, persona: Persona, version: CardVersion) -> Raw:
    """Return what the persona has no field for."""
    is_v1 = version is CardVersion.V1
    apart = {key: value for key, value in data.items() if key not in (EXTENSIONS, BOOK)}
    written = _written(persona, version)
    top = {key: raw[key] for key in raw if key not in (V1_KEYS if is_v1 else ("spec", _DATA))}
    same = [key for key in V1_KEYS if key in top and key in data and top[key] == data[key]]
    mirrored = [] if is_v1 else same
    if top.get("spec_version") == f"{version}.0":
        del top["spec_version"]
    found: Raw = {
        _SPEC: raw.get("spec") if "spec_version" in top else None,
        _TOP: {key: value for key, value in top.items() if key not in mirrored},
        _DATA: remainder(apart, written),
        _MIRRORED: mirrored,
    }
    return {key: value for key, value in found.items() if value}


def _written(persona: Persona, version: CardVersion) -> Raw:
    if version is CardVersion.V1:
        return write_v1(persona)
    return write_character(persona, is_v3=version is CardVersion.V3)


def _data(persona: Persona, kept: Raw, version: CardVersion) -> Raw:
    """Return the data with what was kept of it, wherever it still means the same."""
    written = _written(persona, version)
    is_v3 = version is CardVersion.V3
    meant = read_character(written, "", is_v3=is_v3)
    apart = {key: value for key, value in _part(kept, _DATA).items() if key not in (EXTENSIONS, BOOK)}
    if version is CardVersion.V1:
        apart = {key: value for key, value in apart.items() if key in V1_KEYS}
    return restored(written, apart, lambda candidate: read_character(candidate, "", is_v3=is_v3) == meant)


def _card(persona: Persona) -> Raw:
    ours = persona.extensions.get(OWN)
    return _part(ours, _CARD) if isinstance(ours, dict) else {}


def _part(kept: Raw, key: str) -> Raw:
    part: Any = kept.get(key)
    return part if isinstance(part, dict) else {}


def _others(kept: Raw, without: tuple[str, ...]) -> Raw:
    """Return the card's further keys beside its data."""
    return {key: value for key, value in _part(kept, _TOP).items() if key not in without}
