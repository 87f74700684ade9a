"""Corral's own character files: the fields of a `Persona` under plain names, as YAML.

name: Mira
description: |
  She keeps the lighthouse.
greeting: Come in, {{user}}!
examples:
  - - user: Is it lonely here?
    - character: With the gulls about? Never.
emotions: [happy, sad]
sampling: {temperature: 0.8}
lorebook:
  entries:
    - keys: [storm]
      content: The storm of '87 broke the old lamp.
"""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from corral.core.errors import CharacterFileError
from corral.prompt.cards.limits import MAX_YAML_BYTES
from corral.prompt.characters.bounds import checked
from corral.prompt.characters.yaml_fields import (
    FREE,
    BookRecord,
    CharacterRecord,
    CreditsRecord,
    EntryRecord,
    PrefixesRecord,
    SamplingRecord,
    TurnRecord,
    read_record,
)
from corral.prompt.characters.yaml_tree import read_tree, texts
from corral.prompt.lorebook.book import Lorebook, LoreEntry
from corral.prompt.persona import Credits, Persona, PersonaSampling, Speaker, Turn

# Our names in the file, where they are not those of the type.
_SWITCHES = {
    "selective": "is_selective",
    "constant": "is_constant",
    "enabled": "is_enabled",
    "case_sensitive": "is_case_sensitive",
    "regex": "is_regex",
    "slashed": "is_slashed",
    "whole_word": "is_whole_word",
    "recursive": "is_recursive",
}
_FIELDS = {field: key for key, field in _SWITCHES.items()}
_SAME = (
    "name",
    "nickname",
    "description",
    "personality",
    "scenario",
    "system",
    "after_history",
    "emotions",
    "stop",
    "user_name",
    "extensions",
)


_PARTS = ("sampling", "prefixes", "credits")  # nothing in them: nothing said


def read_yaml(content: bytes) -> Persona:
    """Return the persona of a file.

    Raises:
        CharacterFileError: no YAML, an unknown key, or a wrong value; the message names it.
    """
    record = read_record(texts(read_tree(content), FREE))
    first = () if record.greeting is None else (record.greeting,)
    return checked(
        Persona(
            **{field: getattr(record, field) for field in _SAME},
            greetings=first + record.greetings,
            examples=_examples(record),
            sampling=PersonaSampling(**msgspec.structs.asdict(record.sampling)),
            credits=Credits(**msgspec.structs.asdict(record.credits)),
            user_prefix=record.prefixes.user,
            character_prefix=record.prefixes.character,
            lorebook=None if record.lorebook is None else _book(record.lorebook),
        )
    )


def write_yaml(persona: Persona) -> bytes:
    """Return the file. Raises CharacterFileError where it would be too large to be read again."""
    record = msgspec.to_builtins(_record(persona))
    content = yaml.dump(
        {key: value for key, value in record.items() if value != {} or key not in _PARTS},
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        default_flow_style=False,
        width=100,
        encoding="utf-8",
    )
    if len(content) > MAX_YAML_BYTES:
        raise CharacterFileError(f"the character takes more than {MAX_YAML_BYTES} bytes of YAML")
    return bytes(content)


def _examples(record: CharacterRecord) -> tuple[tuple[Turn, ...], ...]:
    return tuple(
        tuple(_turn(turn, f"examples[{at}][{number}]") for number, turn in enumerate(example))
        for at, example in enumerate(record.examples)
    )


def _turn(turn: TurnRecord, where: str) -> Turn:
    said = [(speaker, text) for speaker in Speaker if (text := getattr(turn, speaker.value)) is not None]
    if len(said) != 1:
        raise CharacterFileError(f"{where}: expected one of user, character, system")
    return Turn(*said[0])


def _book(record: BookRecord) -> Lorebook:
    fields = _renamed(record, _SWITCHES)
    entries = tuple(LoreEntry(**_renamed(entry, _SWITCHES)) for entry in record.entries)
    return Lorebook(**{**fields, "entries": entries})


def _renamed(struct: msgspec.Struct, names: dict[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in msgspec.structs.asdict(struct).items()}


def _record(persona: Persona) -> CharacterRecord:
    is_one = len(persona.greetings) == 1
    return CharacterRecord(
        **{field: getattr(persona, field) for field in _SAME},
        greeting=persona.greeting if is_one else None,
        greetings=() if is_one else persona.greetings,
        examples=tuple(tuple(map(_turn_record, example)) for example in persona.examples),
        sampling=SamplingRecord(**msgspec.structs.asdict(persona.sampling)),
        credits=CreditsRecord(**msgspec.structs.asdict(persona.credits)),
        prefixes=PrefixesRecord(user=persona.user_prefix, character=persona.character_prefix),
        lorebook=None if persona.lorebook is None else _book_record(persona.lorebook),
    )


def _turn_record(turn: Turn) -> TurnRecord:
    return TurnRecord(**{turn.speaker.value: turn.text})


def _book_record(book: Lorebook) -> BookRecord:
    entries = tuple(EntryRecord(**_renamed(entry, _FIELDS)) for entry in book.entries)
    return BookRecord(**{**_renamed(book, _FIELDS), "entries": entries})


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and everything once: no aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Tell that nothing is to be named."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # What YAML takes for the end of a line and gives back as another one needs escapes.
    is_escaped = text.startswith("\n") or any(char in text for char in "\r\x85\u2028\u2029\t\ufeff")
    style = '"' if is_escaped else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
