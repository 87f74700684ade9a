"""`grammar`, `json_schema`, and Corral's own `regex` and `lark` -> the rule that an answer keeps to. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from corral.api.generation.fields import GenerationFields
from corral.core.errors import InvalidRequestError
from corral.core.structure import Structure, StructureKind

_TEXTS = {"grammar": StructureKind.GBNF, "regex": StructureKind.REGEX, "lark": StructureKind.LARK}


def to_structure(fields: GenerationFields, default: Structure | None) -> Structure | None:
    """Return the one rule that `fields` give, None if they switch it off, `default` if they are silent.

    Raises InvalidRequestError for more than one, and for a schema that is no object. Whether the rule itself
    is any good, the engine finds out.
    """
    texts = {name: getattr(fields, name) for name in _TEXTS}
    given = [name for name, text in texts.items() if text]
    if fields.json_schema is not None:
        given.append("json_schema")
    if len(given) > 1:
        _refuse(given)
    if fields.json_schema is not None:
        return schema_structure(fields.json_schema)
    if given:
        return Structure(_TEXTS[given[0]], texts[given[0]])
    return default if all(text is None for text in texts.values()) else None


def schema_structure(schema: Any) -> Structure:  # noqa: ANN401 - any JSON
    """Return the rule of a JSON schema, its keys in the order given. Raises InvalidRequestError."""
    if not isinstance(schema, dict):
        raise InvalidRequestError('"json_schema": it must be an object')
    return Structure(StructureKind.JSON_SCHEMA, msgspec.json.encode(schema).decode())


def _refuse(given: list[str]) -> None:
    if given == ["grammar", "json_schema"]:
        raise InvalidRequestError('Either "json_schema" or "grammar" can be specified, but not both')
    names = ", ".join(f'"{name}"' for name in given)
    raise InvalidRequestError(f"Only one of {names} can be specified")
