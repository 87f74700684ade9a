"""The OpenAPI description, made from the table of routes and the wire structs. Pure.

Version 3.0: the newest that the bundled viewer shows. There null has no type of its own; as null means
absent on every route, it is simply left out.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from corral.api.endpoint import Endpoint

_REFERENCE = "#/components/schemas/{name}"
_PATH_PARAMETER = re.compile(r"{(\w+)(:\w+)?}")


def describe(endpoints: list[Endpoint], *, version: str, prefix: str = "") -> dict[str, Any]:
    """Return the document. All paths stand under `prefix`."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Corral",
            "version": version,
            "description": "One server for local language models.",
        },
        "servers": [{"url": prefix or "/"}],
        "paths": _paths(endpoints),
        "components": {
            "schemas": {**_schemas(endpoints), "Error": _ERROR},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "type": {"type": "string"},
            },
        }
    },
}


def _paths(endpoints: list[Endpoint]) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        for path in endpoint.paths:
            shown = _PATH_PARAMETER.sub(r"{\1}", path)
            paths.setdefault(shown, {})[endpoint.method.lower()] = _operation(endpoint, path)
    return paths


def _operation(endpoint: Endpoint, path: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": endpoint.note,
        "operationId": f"{endpoint.method.lower()} {path}",
        "responses": {"200": {"description": "Success"}, "default": _ERROR_RESPONSE},
    }
    names = [found.group(1) for found in _PATH_PARAMETER.finditer(path)]
    if names:
        operation["parameters"] = [_parameter(name) for name in names]
    if endpoint.body is not None:
        operation["requestBody"] = _request_body(endpoint.body, endpoint.example)
    if not endpoint.is_public:
        operation["security"] = [{"key": []}]
    return operation


_ERROR_RESPONSE = {
    "description": "What went wrong",
    "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(name="Error")}}},
}


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _request_body(body: type, example: object) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(name=body.__name__)}
    return {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}


def _schemas(endpoints: list[Endpoint]) -> dict[str, Any]:
    bodies = {endpoint.body for endpoint in endpoints if endpoint.body is not None}
    ordered = sorted(bodies, key=lambda body: body.__name__)
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_REFERENCE)
    without_null: dict[str, Any] = _without_null(schemas)
    return without_null


def _without_null(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(schema, list):
        return [_without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _without_null(value) for key, value in schema.items() if key != "default" or value is not None
    }
    choices = [choice for choice in kept.get("anyOf", []) if choice != {"type": "null"}]
    if not choices:
        return kept
    del kept["anyOf"]
    return {**kept, **choices[0]} if len(choices) == 1 else {**kept, "anyOf": choices}
