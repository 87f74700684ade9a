"""OpenAI's `response_format` -> the JSON schema that an answer keeps to. Pure.

The schema may stand where llama-server's README puts it, in `schema`, or where OpenAI does, in
`json_schema.schema`. `name`, `description` and `strict` change nothing: the schema always holds.
"""

from __future__ import annotations

from typing import Any

from corral.core.errors import InvalidRequestError


def to_schema(form: dict[str, Any] | None, field: str = "response_format") -> dict[str, Any] | None:
    """Return the schema, None for plain text; `field` held `form`. Raises InvalidRequestError."""
    if not form:
        return None
    match form.get("type"):
        case "text":
            return None
        case "json_object":
            return _checked(form["schema"], field) if form.get("schema") is not None else {"type": "object"}
        case "json_schema":
            return _checked(form["schema"] if "schema" in form else _inner(form.get("json_schema")), field)
        case other:
            raise InvalidRequestError(
                f'{field} type must be one of "text" or "json_object", but got: {other}'
            )


def _inner(wrapped: Any) -> Any:  # noqa: ANN401 - any JSON
    return wrapped.get("schema") if isinstance(wrapped, dict) else None


def _checked(schema: Any, field: str) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    if not isinstance(schema, dict):
        raise InvalidRequestError(f"Field '{field}': the schema must be an object")
    return schema
