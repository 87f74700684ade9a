"""JSON schemas, made ready for llguidance."""

from __future__ import annotations

from typing import Any

import msgspec
from llguidance import LLMatcher

from corral.engine.structure import intersections, multiples

MAX_DEPTH = 100  # levels of JSON; the parser behind us bears 128

# One line as json.dumps writes it: spaces where models expect them, and no choice, so that all between two
# values is forced. A schema's own "x-guidance" object may say otherwise.
_FORM: Any = {
    "item_separator": ", ",
    "key_separator": ": ",
    "whitespace_flexible": False,
    "lenient": True,  # unknown keywords are no error, as in llama.cpp
}
_JOINED = frozenset({"allOf", "if", "not", "dependentSchemas"})
_OPEN = frozenset({"anyOf", "oneOf", "$ref", "patternProperties", "additionalProperties"})
_TYPED = frozenset({"type", "anyOf", "oneOf", "$ref", "enum", "const"})
_IMPLIED = {"properties": "object", "items": "array", "prefixItems": "array", "pattern": "string"}
_MANY = frozenset({"prefixItems", "anyOf", "oneOf", "items"})
_NAMED = frozenset({"properties", "$defs", "definitions", "patternProperties"})
_ONE = frozenset({"items", "additionalProperties"})


class SchemaError(Exception):
    """The text is no usable JSON schema; the message says why."""


def to_grammar(text: str) -> str:
    """Return llguidance's grammar for the JSON schema `text`. Raises SchemaError."""
    schema = _decoded(text)
    if _depth(schema) > MAX_DEPTH:
        raise SchemaError(f"it is nested more than {MAX_DEPTH} levels deep")
    if not multiples.are_bearable(multiples.in_json(schema)):
        raise SchemaError(multiples.REFUSAL)
    if intersections.in_json(schema) > intersections.MAX_JOINED:
        raise SchemaError(intersections.REFUSAL)
    ready = msgspec.json.encode(closed(schema)).decode()
    try:
        return LLMatcher.grammar_from_json_schema(ready, defaults=_FORM)
    except ValueError as error:
        raise SchemaError(str(error)) from error


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with its meaning narrowed as llama.cpp narrows it, unless it says otherwise.

    What names properties, items or a pattern but no type is an object, a list or a text; an object has only
    the properties that are named. More is never what was meant, and less to choose from is faster. Left as it
    is where schemas are joined: there each part names a part of the properties.
    """
    return schema if _has_joined(schema) else _closed(schema)


def _decoded(text: str) -> dict[str, Any]:
    try:
        schema = msgspec.json.decode(text)
    except RecursionError:
        raise SchemaError(f"it is nested more than {MAX_DEPTH} levels deep") from None
    except msgspec.DecodeError as error:
        raise SchemaError(f"it is not valid JSON: {error}") from None
    if not isinstance(schema, dict):
        raise SchemaError("it must be an object")
    return schema


def _depth(value: object) -> int:
    """Return the levels of objects and lists, counted without recursion."""
    depth, level = 0, [value]
    while level:
        level = [inner for outer in level for inner in _inside(outer)]
        depth += 1
    return depth


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _has_joined(value: object) -> bool:
    if isinstance(value, dict) and _JOINED & value.keys():
        return True
    return any(_has_joined(inner) for inner in _inside(value))


def _closed(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(schema, dict):
        return schema
    is_part = "properties" in schema  # then its alternatives name some of the properties only
    result = {key: value if is_part and key in _OPEN else _inner(key, value) for key, value in schema.items()}
    if is_part and not _OPEN & schema.keys():
        result["additionalProperties"] = False
    if not _TYPED & schema.keys():
        result |= next(({"type": kind} for key, kind in _IMPLIED.items() if key in schema), {})
    return result


def _inner(key: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    if key in _NAMED and isinstance(value, dict):
        return {name: _closed(schema) for name, schema in value.items()}
    if key in _MANY and isinstance(value, list):
        return [_closed(schema) for schema in value]
    return _closed(value) if key in _ONE else value
