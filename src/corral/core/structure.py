"""The rule that a structured answer keeps to."""

from __future__ import annotations

import enum

import msgspec


class StructureKind(enum.Enum):
    """In which language the rule is written."""

    GBNF = "gbnf"  # llama.cpp's grammars; the root rule is `root`
    JSON_SCHEMA = "json_schema"
    REGEX = "regex"
    LARK = "lark"  # llguidance's own


class Structure(msgspec.Struct, frozen=True):
    """`text` in the language `kind`; the whole answer must match it."""

    kind: StructureKind
    text: str
