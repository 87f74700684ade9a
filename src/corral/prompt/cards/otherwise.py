"""What programs write otherwise than the specifications of cards say, put into the specifications' words.

Seen in cards: world info of SillyTavern (its `world-info.js`: entries by number, `key`, `order`, `disable`)
as a lorebook, texts with commas for lists, numbers as texts and texts as numbers, and the five texts of
Pygmalion's format that V1 took over under other names. What is as specified stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from corral.prompt.cards.character import BOOK
from corral.prompt.cards.kept import EXTENSIONS, Raw

_PYGMALION = {
    "char_name": "name",
    "char_persona": "description",
    "world_scenario": "scenario",
    "char_greeting": "first_mes",
    "example_dialogue": "mes_example",
}
_WORLD = {"key": "keys", "keysecondary": "secondary_keys", "order": "insertion_order"}
_WORLD_EXTENSIONS = {
    "position": "position",
    "depth": "depth",
    "probability": "probability",
    "useProbability": "useProbability",
    "selectiveLogic": "selectiveLogic",
    "scanDepth": "scan_depth",
    "caseSensitive": "case_sensitive",
    "matchWholeWords": "match_whole_words",
}
_POSITION = {"position": "position"}
_LISTS = ("keys", "secondary_keys")
_N_DIGITS = 9  # that a number may have as a text


def specified_card(raw: Raw) -> Raw:
    """Return a card's outermost object; one of Pygmalion's becomes V1."""
    is_pygmalion = "char_name" in raw and not {"name", "spec", "data"} & raw.keys()
    return _renamed(raw, _PYGMALION) if is_pygmalion else raw


def specified(data: Raw) -> Raw:
    """Return a card's data. What is not known to be meant so is left for the reader to refuse."""
    changed: Raw = {}
    if isinstance(data.get("tags"), str):
        changed["tags"] = _listed(data["tags"])
    if _is_number(data.get("character_version")):
        changed["character_version"] = str(data["character_version"])
    if isinstance(data.get(BOOK), dict):
        changed[BOOK] = _book(data[BOOK])
    return {**data, **changed} if changed else data


def _book(raw: Raw) -> Raw:
    book = _with_numbers(raw, ("scan_depth", "token_budget"))
    entries = raw.get("entries")
    if isinstance(entries, dict):
        entries = list(entries.values())
    if isinstance(entries, list):
        book = {**book, "entries": [_entry(entry) if isinstance(entry, dict) else entry for entry in entries]}
    return book


def _entry(raw: Raw) -> Raw:
    entry = raw
    if "key" in raw and "keys" not in raw:
        entry = _moved(_renamed(raw, _WORLD), _WORLD_EXTENSIONS)
        if "enabled" not in raw:
            entry = {**entry, "enabled": raw.get("disable") is not True}
        entry.pop("disable", None)
    elif _is_number(raw.get("position")):
        entry = _moved(raw, _POSITION)
    lists = {key: _listed(entry[key]) for key in _LISTS if isinstance(entry.get(key), str)}
    return _with_numbers({**entry, **lists}, ("insertion_order", "priority"))


def _renamed(raw: Raw, names: Mapping[str, str]) -> Raw:
    return {names.get(key, key): value for key, value in raw.items()}


def _moved(raw: Raw, names: Mapping[str, str]) -> Raw:
    """Return `raw` with the keys of `names` in its extensions, where they do not stand already."""
    moved = {names[key]: raw[key] for key in raw if key in names}
    extensions = raw.get(EXTENSIONS)
    if not isinstance(extensions, dict):
        extensions = {}
    rest = {key: value for key, value in raw.items() if key not in names}
    return {**rest, EXTENSIONS: {**moved, **extensions}}


def _with_numbers(raw: Raw, keys: tuple[str, ...]) -> Raw:
    """Return `raw` with the numbers that stand there as texts."""
    numbers = {key: _number(raw[key]) for key in keys if isinstance(raw.get(key), str)}
    return {**raw, **numbers}


def _number(text: str) -> Any:  # noqa: ANN401 - what is no number stays what it is
    """Return a whole number, None for an empty text."""
    stripped = text.strip()
    if not stripped:
        return None
    digits = stripped.removeprefix("-")
    return int(stripped) if digits.isascii() and digits.isdigit() and len(digits) <= _N_DIGITS else text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
