"""A card's lorebook, read and written."""

from __future__ import annotations

import msgspec

from corral.core.errors import CharacterFileError
from corral.prompt.cards.entry import read_entry, write_entry
from corral.prompt.cards.kept import EXTENSIONS, OWN, Raw, own_fields, remainder, restored
from corral.prompt.cards.limits import MAX_ENTRIES
from corral.prompt.cards.wire import BookFields, convert, whole
from corral.prompt.lorebook.book import Lorebook

_NOT_OURS = ("entries", "extra")


def read_book(raw: Raw, where: str, *, is_v3: bool) -> Lorebook:
    """Return the lorebook; `extra` holds what it says besides.

    Raises:
        CharacterFileError: a field is wrong, or there are too many entries.
    """
    fields = convert(raw, BookFields, where)
    if len(fields.entries) > MAX_ENTRIES:
        raise CharacterFileError(f"{where}.entries: more than {MAX_ENTRIES} entries")
    entries = tuple(
        read_entry(entry, f"{where}.entries[{at}]", is_v3=is_v3) for at, entry in enumerate(fields.entries)
    )
    book = _read({**raw, "entries": []}, where)
    extra = remainder({key: raw[key] for key in raw if key != "entries"}, _write(book))
    return msgspec.structs.replace(book, entries=entries, extra=extra)


def write_book(book: Lorebook, *, is_v3: bool) -> Raw:
    """Return the lorebook as it stands in a card."""
    meant = msgspec.structs.replace(book, entries=(), extra={})
    extra = {key: value for key, value in book.extra.items() if key != "entries"}
    written = restored(_write(meant), extra, lambda candidate: _read(candidate, "") == meant)
    return {**written, "entries": [write_entry(entry, is_v3=is_v3) for entry in book.entries]}


def _read(raw: Raw, where: str) -> Lorebook:
    """Return the lorebook without its entries and `extra`."""
    fields = convert(raw, BookFields, where)
    plain = Lorebook(
        name=fields.name or "",
        description=fields.description or "",
        scan_depth=whole(fields.scan_depth, f"{where}.scan_depth"),
        token_budget=whole(fields.token_budget, f"{where}.token_budget"),
        is_recursive=fields.recursive_scanning is True,
    )
    own = (fields.extensions or {}).get(OWN)
    if not isinstance(own, dict):
        return plain
    said = {**msgspec.to_builtins(plain), **{key: own[key] for key in own if key not in _NOT_OURS}}
    return convert(said, Lorebook, f"{where}.{EXTENSIONS}.{OWN}")


def _write(book: Lorebook) -> Raw:
    """Return the lorebook without its entries and `extra`."""
    written: Raw = {
        "name": book.name,
        "description": book.description,
        "recursive_scanning": book.is_recursive,
        EXTENSIONS: {},
        "entries": [],
    }
    given = {"scan_depth": book.scan_depth, "token_budget": book.token_budget}
    written |= {key: value for key, value in given.items() if value is not None}
    own = own_fields(_read(written, ""), book, _NOT_OURS)
    if own:
        written[EXTENSIONS][OWN] = own
    return written
