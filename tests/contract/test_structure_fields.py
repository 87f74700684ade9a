"""`grammar`, `json_schema`, `regex`, `lark` and `response_format` on the wire."""

import json

import pytest

from corral.core.errors import InvalidRequestError
from corral.core.settings import GenerationDefaults
from corral.core.structure import Structure, StructureKind

CHAT = {"messages": [{"role": "user", "content": "Hi"}]}
PATHS = {
    "/completion": {"prompt": "a"},
    "/v1/completions": {"prompt": "a"},
    "/v1/chat/completions": CHAT,
}
POINT = {"type": "object", "properties": {"y": {"type": "integer"}, "x": {"type": "integer"}}}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "structure"),
    [
        ({"grammar": 'root ::= "a"'}, Structure(StructureKind.GBNF, 'root ::= "a"')),
        ({"regex": "[0-9]+"}, Structure(StructureKind.REGEX, "[0-9]+")),
        ({"lark": 'start: "a"'}, Structure(StructureKind.LARK, 'start: "a"')),
        ({"json_schema": {}}, Structure(StructureKind.JSON_SCHEMA, "{}")),
        ({"json_schema": {}, "grammar": ""}, Structure(StructureKind.JSON_SCHEMA, "{}")),
    ],
)
def test_each_rule_reaches_the_engine(client, door, path, body, structure):
    client.post(path, {**PATHS[path], **body})

    assert door.requests[-1].structure == structure


@pytest.mark.parametrize("path", PATHS)
def test_silence_means_no_rule(client, door, path):
    client.post(path, {**PATHS[path], "grammar": None, "json_schema": None})

    assert door.requests[-1].structure is None


def test_schema_keeps_the_order_of_its_keys(client, door):
    client.post("/completion", {"prompt": "a", "json_schema": POINT})

    assert list(json.loads(door.requests[-1].structure.text)["properties"]) == ["y", "x"]


@pytest.mark.parametrize(
    ("form", "schema"),
    [
        ({"type": "json_object"}, {"type": "object"}),
        ({"type": "json_object", "schema": POINT}, POINT),
        ({"type": "json_object", "schema": {}}, {}),
        ({"type": "json_schema", "schema": POINT}, POINT),
        ({"type": "json_schema", "json_schema": {"name": "p", "strict": True, "schema": POINT}}, POINT),
    ],
)
def test_response_format_is_a_schema(client, door, form, schema):
    client.post("/v1/chat/completions", {**CHAT, "response_format": form})

    structure = door.requests[-1].structure
    assert structure.kind is StructureKind.JSON_SCHEMA
    assert json.loads(structure.text) == schema


@pytest.mark.parametrize("form", [None, {}, {"type": "text"}])
def test_response_format_of_plain_text_is_no_rule(client, door, form):
    client.post("/v1/chat/completions", {**CHAT, "response_format": form})

    assert door.requests[-1].structure is None


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"type": "sound"}, 'response_format type must be one of "text" or "json_object", but got: sound'),
        ({"type": "json_object", "schema": 123}, "the schema must be an object"),
        ({"type": "json_schema"}, "the schema must be an object"),
        ({"type": "json_schema", "json_schema": "x"}, "the schema must be an object"),
    ],
)
def test_response_format_that_means_nothing_is_refused(client, door, refused, form, words):
    for is_stream in (False, True):
        reply = client.post("/v1/chat/completions", {**CHAT, "stream": is_stream, "response_format": form})

        refused(reply, words)
    assert door.requests == []


@pytest.mark.parametrize("path", PATHS)
def test_rule_that_the_engine_refuses_is_a_plain_error_before_any_stream(client, door, refused, path):
    door.refusal = InvalidRequestError("Failed to parse grammar: expected ')' at line 1, column 9")

    for is_stream in (False, True):
        reply = client.post(path, {**PATHS[path], "grammar": "root ::= (", "stream": is_stream})

        refused(reply, "Failed to parse grammar", "column 9")


@pytest.mark.parametrize(
    "rules", [{"grammar": "x", "json_schema": {}}, {"grammar": "x", "json_schema": {}, "stream": True}]
)
def test_two_rules_are_one_too_many(client, refused, rules):
    reply = client.post("/completion", {"prompt": "a", **rules})

    refused(reply, 'Either "json_schema" or "grammar" can be specified, but not both')


@pytest.mark.parametrize(
    ("body", "echo"),
    [({"grammar": 'root ::= "a"'}, 'root ::= "a"'), ({"json_schema": POINT}, json.dumps(POINT)), ({}, "")],
)
def test_settings_echo_the_rule(client, body, echo):
    settings = client.post("/completion", {"prompt": "a", **body}).json()["generation_settings"]

    assert settings["grammar"].replace(" ", "") == echo.replace(" ", "")


def test_server_default_holds_where_the_request_is_silent(make_client, door):
    default = Structure(StructureKind.GBNF, 'root ::= "default"')
    client = make_client(generation=GenerationDefaults(structure=default))

    client.post("/completion", {"prompt": "a"})
    client.post("/completion", {"prompt": "a", "grammar": ""})
    client.post("/completion", {"prompt": "a", "json_schema": {}})

    kinds = [request.structure and request.structure.kind for request in door.requests]
    assert kinds == [StructureKind.GBNF, None, StructureKind.JSON_SCHEMA]
