"""SillyTavern's character's note, `extensions.depth_prompt`, as an entry of the lorebook and back.

It holds `prompt`, `depth` in messages from the end, and a `role`, which is kept only: what stands at a depth
here is part of a user's message. Cards without a note have the object too, with an empty `prompt`.
"""

from __future__ import annotations

import msgspec

from corral.prompt.cards.kept import Raw
from corral.prompt.cards.limits import MAX_ENTRIES
from corral.prompt.cards.wire import lines
from corral.prompt.lorebook.book import Lorebook, LoreEntry, Place
from corral.prompt.persona import Persona

KEY = "depth_prompt"
_ALONE = "depth_prompt_alone"  # in `extra`: the card has no lorebook
_USUAL_DEPTH = 4
_MAX_DEPTH = 10_000


def with_entry(persona: Persona) -> Persona:
    """Return `persona` with the note of its extensions in its lorebook instead, where there is one."""
    note, book = persona.extensions.get(KEY), persona.lorebook or Lorebook()
    entry = _entry(note) if isinstance(note, dict) else None
    if entry is None or len(book.entries) >= MAX_ENTRIES:
        return persona
    if persona.lorebook is None:
        entry = msgspec.structs.replace(entry, extra={**entry.extra, _ALONE: True})
    extensions = {key: value for key, value in persona.extensions.items() if key != KEY}
    book = msgspec.structs.replace(book, entries=(*book.entries, entry))
    return msgspec.structs.replace(persona, extensions=extensions, lorebook=book)


def without_entry(persona: Persona) -> Persona:
    """Return `persona` with the entry that `with_entry` made in its extensions, as it is now."""
    entries = persona.lorebook.entries if persona.lorebook is not None else ()
    entry = next((each for each in entries if _is_note(each)), None)
    if entry is None or KEY in persona.extensions:
        return persona
    others = tuple(each for each in entries if each is not entry)
    book = msgspec.structs.replace(persona.lorebook or Lorebook(), entries=others)
    is_gone = entry.extra.get(_ALONE) is True and book == Lorebook()
    extensions = {**persona.extensions, KEY: _note(entry)}
    return msgspec.structs.replace(persona, extensions=extensions, lorebook=None if is_gone else book)


def _entry(note: Raw) -> LoreEntry | None:
    """Return the entry of a note that says something."""
    text, depth = note.get("prompt"), note.get("depth", _USUAL_DEPTH)
    if not isinstance(text, str) or not text.strip():
        return None
    if type(depth) is not int or not 0 <= depth <= _MAX_DEPTH:
        return None
    return LoreEntry(content=lines(text), is_constant=True, place=Place.DEPTH, depth=depth, extra={KEY: note})


def _note(entry: LoreEntry) -> Raw:
    """Return the note as it is now, with the line ends that it had."""
    note = entry.extra[KEY]
    said = note.get("prompt")
    is_same = isinstance(said, str) and lines(said) == entry.content
    return {**note, "prompt": said if is_same else entry.content, "depth": entry.depth}


def _is_note(entry: LoreEntry) -> bool:
    """Tell whether an entry is a note, and says nothing that a note has no word for."""
    note = entry.extra.get(KEY)
    if not isinstance(note, dict):
        return False
    plain = _entry({**note, "prompt": entry.content, "depth": entry.depth})
    return plain is not None and msgspec.structs.replace(entry, extra={}) == msgspec.structs.replace(
        plain, extra={}
    )
