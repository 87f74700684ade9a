"""One entry of a card's lorebook, read and written.

What the specification has no field for stands in `extensions` under the names that SillyTavern gives it
(`position` 4 with `depth`, `probability`, `scan_depth`, `match_whole_words`, `case_sensitive`); they are its
own, so a value of another kind is kept and not read. The rest of ours stands in `extensions.corral`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from corral.prompt.cards import decorators
from corral.prompt.cards.kept import EXTENSIONS, OWN, Raw, own_fields, remainder, restored
from corral.prompt.cards.wire import EntryFields, EntryFieldsV3, convert, lines, whole
from corral.prompt.lorebook.book import ALWAYS, LoreEntry, Place, is_in_slashes

_AT_DEPTH = 4  # SillyTavern's world_info_position: 0 before, 1 after the character, 4 at a depth
_USUAL_DEPTH = 4
_MAX_DEPTH = 10_000
_DECORATORS = "decorators"  # of `extra`
_SILLY = "selectiveLogic"  # stands in the extensions of every entry that SillyTavern writes
_WITHOUT = (1, 2)  # of its logics: told unless secondary keys are spoken of, the contrary of ours
_NOT_OURS = ("extra",)
_POSITIONS = {"before_char": Place.BEFORE, "after_char": Place.AFTER}
_DESCRIBED = {"before_desc": Place.BEFORE, "after_desc": Place.AFTER}


def read_entry(raw: Raw, where: str, *, is_v3: bool) -> LoreEntry:
    """Return the entry; `extra` holds what it says besides.

    Raises:
        CharacterFileError: a field is wrong; the message names it below `where`.
    """
    entry = _read(raw, where, is_v3)
    head = decorators.split(raw.get("content") or "")[0]
    written = _write(entry, is_v3)
    extra = {_DECORATORS: head} if head and entry.content == lines(raw["content"][len(head) :]) else {}
    written["content"] = head * bool(extra) + written["content"]
    return msgspec.structs.replace(entry, extra={**remainder(raw, written), **extra})


def write_entry(entry: LoreEntry, *, is_v3: bool) -> Raw:
    """Return the entry as it stands in a card: what it was read from, and what was changed since."""
    extra = dict(entry.extra)
    head = extra.pop(_DECORATORS, "")
    meant = msgspec.structs.replace(entry, extra={})
    written = _write(meant, is_v3)

    def is_same(candidate: Raw) -> bool:
        return _read(candidate, "", is_v3) == meant

    if isinstance(head, str):
        for lines in (decorators.without_served(head), head):
            written = restored(written, {"content": lines + entry.content}, is_same)
    return restored(written, extra, is_same)


def _read(raw: Raw, where: str, is_v3: bool) -> LoreEntry:  # noqa: FBT001 - inner
    """Return the entry without `extra`."""
    fields = convert(raw, EntryFieldsV3 if is_v3 else EntryFields, where)
    plain = _plain(fields, where)
    own = (fields.extensions or {}).get(OWN)
    if not isinstance(own, dict):
        return plain
    said = {**msgspec.to_builtins(plain), **{key: own[key] for key in own if key not in _NOT_OURS}}
    return convert(said, LoreEntry, f"{where}.{EXTENSIONS}.{OWN}")


def _plain(fields: EntryFields, where: str) -> LoreEntry:
    """Return what an entry says without our own words."""
    extensions = fields.extensions or {}
    head, content = decorators.split(fields.content or "")
    served = decorators.served(head)
    is_regex = _is_regex(fields, extensions)
    is_silly = _SILLY in extensions
    # Not so for a regular expression: specification V3, `constant` and `secondary_keys`.
    is_keyed = is_regex and not is_silly
    is_without = extensions.get(_SILLY) in _WITHOUT
    is_constant = "activate" in served or (fields.constant is True and not is_keyed)
    place = _place(fields, served, extensions, is_constant)
    added = () if fields.secondary_keys else served.get("additional_keys", ())
    return LoreEntry(
        content=lines(content),
        keys=fields.keys or (),
        secondary_keys=fields.secondary_keys or added,
        is_selective=bool(added) or (fields.selective is True and not is_keyed and not is_without),
        is_constant=is_constant,
        is_enabled=fields.enabled is not False and ("activate" in served or "dont_activate" not in served),
        place=place,
        depth=_depth(served, extensions) if place is Place.DEPTH else None,
        order=_order(fields, where),
        priority=whole(fields.priority, f"{where}.priority"),
        probability=_probability(extensions),
        is_case_sensitive=_is_case_sensitive(fields, extensions),
        is_regex=is_regex,
        is_slashed=is_regex and is_silly,
        is_whole_word=extensions.get("match_whole_words") is True,
        scan_depth=served.get("scan_depth", _number(extensions, "scan_depth", _MAX_DEPTH)),
        name=fields.name or "",
        comment=fields.comment or "",
        id=fields.id if isinstance(fields.id, str) else whole(fields.id, f"{where}.id"),
    )


def _is_regex(fields: EntryFields, extensions: Raw) -> bool:
    """Tell whether the keys are regular expressions.

    SillyTavern sets `use_regex` in all entries (`convertWorldInfoToCharacterBook` of its endpoints) and takes
    the keys in slashes for expressions, the others for words (`is_slashed`).
    """
    if _SILLY in extensions:
        return any(map(is_in_slashes, (*(fields.keys or ()), *(fields.secondary_keys or ()))))
    return isinstance(fields, EntryFieldsV3) and fields.use_regex is True


def _place(fields: EntryFields, served: Raw, extensions: Raw, is_constant: bool) -> Place:  # noqa: FBT001 - inner
    """Return where it stands.

    An entry with keys that would stand beside the description is anchored in the chat instead: the beginning
    of the prompt then stays as it is when it is spoken of.
    """
    described = _DESCRIBED.get(served.get("position", ""))
    if described is None and ("depth" in served or extensions.get("position") == _AT_DEPTH):
        return Place.DEPTH
    if not is_constant:
        return Place.ANCHORED
    if described is not None:
        return described
    number = extensions.get("position")
    by_number = {0: Place.BEFORE, 1: Place.AFTER}.get(number) if isinstance(number, int) else None
    return by_number or _POSITIONS.get(fields.position or "", Place.BEFORE)


def _depth(served: Raw, extensions: Raw) -> int:
    if "depth" in served:
        return int(served["depth"])
    depth = _number(extensions, "depth", _MAX_DEPTH)
    return _USUAL_DEPTH if depth is None else int(depth)


def _order(fields: EntryFields, where: str) -> int:
    order = whole(fields.insertion_order, f"{where}.insertion_order")
    return LoreEntry(content="").order if order is None else order


def _probability(extensions: Raw) -> float:
    probability = extensions.get("probability")
    if not isinstance(probability, int | float) or isinstance(probability, bool):
        return ALWAYS
    is_used = extensions.get("useProbability") is not False and 0 <= probability <= ALWAYS
    return float(probability) if is_used else ALWAYS


def _is_case_sensitive(fields: EntryFields, extensions: Raw) -> bool:
    if fields.case_sensitive is not None:
        return fields.case_sensitive
    return extensions.get("case_sensitive") is True


def _number(extensions: Raw, key: str, highest: int) -> int | None:
    value = extensions.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= highest else None


def _write(entry: LoreEntry, is_v3: bool) -> Raw:  # noqa: FBT001 - inner
    """Return the entry without `extra`."""
    written: Raw = {
        "keys": list(entry.keys),
        "content": entry.content,
        EXTENSIONS: _extensions(entry),
        "enabled": entry.is_enabled,
        "insertion_order": entry.order,
        "constant": entry.is_constant,
        "selective": entry.is_selective,
        "secondary_keys": list(entry.secondary_keys),
        "position": "after_char" if entry.place is Place.AFTER else "before_char",
        "name": entry.name,
        "comment": entry.comment,
    }
    given: dict[str, Any] = {"priority": entry.priority, "id": entry.id}
    written |= {key: value for key, value in given.items() if value is not None}
    if is_v3:
        written["use_regex"] = entry.is_regex
    plain = _read(written, "", is_v3)
    own = own_fields(plain, entry, _NOT_OURS)
    if own:
        written[EXTENSIONS][OWN] = own
    return written


def _extensions(entry: LoreEntry) -> Raw:
    """Return what SillyTavern reads there, where it is not what it takes anyway."""
    found: Raw = {}
    if entry.place is Place.DEPTH:
        found["position"] = _AT_DEPTH
        found["depth"] = _USUAL_DEPTH if entry.depth is None else entry.depth
    if entry.probability != ALWAYS:
        found |= {"probability": entry.probability, "useProbability": True}
    if entry.scan_depth is not None:
        found["scan_depth"] = entry.scan_depth
    if entry.is_whole_word:
        found["match_whole_words"] = True
    if entry.is_case_sensitive:
        found["case_sensitive"] = True
    return found
