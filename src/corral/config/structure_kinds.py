"""The kinds of value that describe structured output."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from corral.core.errors import SettingsError
from corral.core.structure import Structure, StructureKind


@dataclass(frozen=True)
class Gbnf:
    """A grammar of llama.cpp. Whether it is a good one, the engine finds out."""

    metavar: str = "GRAMMAR"
    domain: str = "GBNF"

    def read(self, text: str) -> Structure | None:
        """Return the rule, None for no text."""
        return Structure(StructureKind.GBNF, text) if text else None


@dataclass(frozen=True)
class Schema:
    """A JSON schema that refers to nothing outside itself."""

    metavar: str = "SCHEMA"
    domain: str = "JSON schema"

    def read(self, text: str) -> Structure:
        """Return the rule."""
        schema = _decoded(text)
        for reference in _references(schema):
            if not reference.startswith("#"):
                raise ValueError(
                    f"invalid value (the schema refers to {reference!r}, which is outside of it)"
                )
        return Structure(StructureKind.JSON_SCHEMA, text)


def appended(earlier: Structure, later: Structure) -> Structure:
    """Return one grammar of two, as llama-server appends a file to what it has. Raises SettingsError."""
    if {earlier.kind, later.kind} != {StructureKind.GBNF}:
        raise SettingsError("error: a grammar cannot be appended to a JSON schema; give one of them")
    return Structure(StructureKind.GBNF, earlier.text + later.text)


def _decoded(text: str) -> object:
    try:
        schema: object = msgspec.json.decode(text)
    except RecursionError:
        raise ValueError("invalid value (the schema is nested too deeply)") from None
    except msgspec.DecodeError as error:
        raise ValueError(f"invalid value (the schema is not valid JSON: {error})") from None
    if not isinstance(schema, dict):
        raise ValueError("invalid value (the schema is not a JSON object)")  # noqa: TRY004 - as every kind
    return schema


def _references(value: object) -> Iterator[str]:
    """Yield every `$ref`, however deep."""
    level = [value]
    while level:
        inner = [each for outer in level for each in _inside(outer)]
        yield from (
            outer["$ref"] for outer in level if isinstance(outer, dict) and isinstance(outer.get("$ref"), str)
        )
        level = inner


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
