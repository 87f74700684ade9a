"""What a card says of a character besides its lorebook, read into a `Persona` and written from it.

Our own fields (emotions, sampling, stop strings, prefixes, the user's name, and what a version has no words
for) travel in `extensions.corral`. What we have no field for is kept in the persona's own
`extensions["corral"]["card"]`, which never stands in a card.
"""

from __future__ import annotations

import msgspec

from corral.core.errors import CharacterFileError
from corral.prompt.cards.dialogue import read_examples, write_examples
from corral.prompt.cards.kept import EXTENSIONS, OWN, Raw, own_fields
from corral.prompt.cards.wire import V1_KEYS, CardFields, CardFieldsV3, convert, lines
from corral.prompt.persona import Credits, Persona

BOOK = "character_book"
_NOT_OWN = ("name", "description", "personality", "scenario", "after_history", "lorebook", "extensions")


def read_character(raw: Raw, where: str, *, is_v3: bool) -> Persona:
    """Return the persona of a card's data, without its lorebook.

    Raises:
        CharacterFileError: a field is wrong; the message names it below `where`.
    """
    fields = convert(raw, CardFieldsV3 if is_v3 else CardFields, where)
    others = dict(fields.extensions or {})
    own = others.pop(OWN, {})
    if not isinstance(own, dict):
        raise CharacterFileError(f"{where}.{EXTENSIONS}.{OWN}: expected object")
    plain = _plain(fields)
    ours = {key: own[key] for key in own if key in Persona.__struct_fields__ and key not in _NOT_OWN}
    unknown = {key: own[key] for key in own if key not in Persona.__struct_fields__ and key != "card"}
    if unknown:
        others[OWN] = unknown
    said = _merged(msgspec.to_builtins(plain), ours)
    persona = convert(said, Persona, f"{where}.{EXTENSIONS}.{OWN}")
    return msgspec.structs.replace(persona, extensions=others)


def write_character(persona: Persona, *, is_v3: bool) -> Raw:
    """Return a card's data, without its lorebook and without what was kept of the card."""
    extensions = {key: value for key, value in persona.extensions.items() if key != OWN}
    written = {
        **write_v1(persona),
        "creator_notes": persona.credits.notes,
        "system_prompt": persona.system or "",
        "post_history_instructions": persona.after_history,
        "alternate_greetings": list(persona.greetings[1:]),
        "tags": list(persona.credits.tags),
        "creator": persona.credits.creator,
        "character_version": persona.credits.version,
        EXTENSIONS: extensions,
    }
    if is_v3:
        written |= _v3_fields(persona)
    kept = persona.extensions.get(OWN)
    unknown = {key: kept[key] for key in kept if key != "card"} if isinstance(kept, dict) else {}
    plain = read_character(written, "", is_v3=is_v3)
    own = {**unknown, **own_fields(plain, persona, _NOT_OWN)}
    if own:
        extensions[OWN] = own
    return written


def write_v1(persona: Persona) -> Raw:
    """Return the six fields of a V1 card."""
    examples = write_examples(persona.examples)
    texts = (persona.name, persona.description, persona.personality, persona.scenario, persona.greeting)
    return dict(zip(V1_KEYS, (*texts, examples), strict=True))


def _v3_fields(persona: Persona) -> Raw:
    written: Raw = {"group_only_greetings": []}
    if persona.nickname:
        written["nickname"] = persona.nickname
    if persona.credits.sources:
        written["source"] = list(persona.credits.sources)
    return written


def _plain(fields: CardFields) -> Persona:
    """Return what a card says without our own words."""
    v3 = fields if isinstance(fields, CardFieldsV3) else CardFieldsV3(name=fields.name)
    nickname = v3.nickname or ""
    greetings = tuple(map(_lines, (fields.first_mes, *(fields.alternate_greetings or ()))))
    return Persona(
        name=fields.name,
        nickname=nickname,
        description=_lines(fields.description),
        personality=_lines(fields.personality),
        scenario=_lines(fields.scenario),
        system=_lines(fields.system_prompt) or None,
        after_history=_lines(fields.post_history_instructions),
        greetings=() if greetings == ("",) else greetings,
        examples=read_examples(_lines(fields.mes_example), (fields.name, nickname)),
        credits=Credits(
            creator=fields.creator or "",
            version=fields.character_version or "",
            notes=fields.creator_notes or "",
            tags=tuple(fields.tags or ()),
            sources=tuple(v3.source or ()),
        ),
    )


def _lines(text: str | None) -> str:
    return lines(text or "")


def _merged(said: Raw, ours: Raw) -> Raw:
    """Return `said` with ours over it; objects (credits, sampling) field by field."""
    found = dict(said)
    for key, value in ours.items():
        inner = found.get(key)
        found[key] = {**inner, **value} if isinstance(inner, dict) and isinstance(value, dict) else value
    return found
