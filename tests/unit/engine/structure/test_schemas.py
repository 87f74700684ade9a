"""JSON schemas: what they force, what they allow, what is refused."""

import json

import pytest

from corral.core.errors import InvalidRequestError
from corral.engine.structure.schema import closed

PERSON = {"properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}


def test_all_between_two_values_is_forced(rule):
    person = rule("json_schema", json.dumps(PERSON))

    assert person.forced() == '{"name": "'
    assert person.forced('{"name": "Ada"') == ', "age": '


def test_object_has_only_the_properties_that_are_named(rule):
    person = rule("json_schema", json.dumps(PERSON))

    assert person.matches('{"name": "Ada", "age": 36}')
    assert not person.matches('{"name": "Ada", "age": 36, "x": 1}')


@pytest.mark.parametrize("text", ['{"a": [1, 2.5, null]}', "[]", '"x"', "true", "-1e5"])
def test_empty_schema_is_any_json(rule, text):
    assert rule("json_schema", "{}").matches(text)


@pytest.mark.parametrize(
    ("schema", "matching", "other"),
    [
        ({"type": "object"}, ['{"a": 1}', "{}"], ["[]", "1"]),
        ({"const": "42"}, ['"42"'], ["42"]),
        ({"enum": ["a", 1, None]}, ['"a"', "1", "null"], ['"b"']),
        ({"type": "integer", "minimum": 3, "maximum": 12}, ["3", "12"], ["2", "13"]),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, ["[true, false]"], ["[true]"]),
        ({"type": "string", "pattern": "^[a-c]{2}$"}, ['"ab"'], ['"abc"', '"x"']),
        ({"anyOf": [{"type": "null"}, PERSON]}, ["null", '{"name": "A", "age": 1}'], ["1"]),
        ({"$ref": "#/$defs/p", "$defs": {"p": PERSON}}, ['{"name": "A", "age": 1}'], ['{"name": "A"}']),
        ({"allOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}]}, ['{"a": 1}'], ['{"a": 2}']),
        ({"type": "array", "items": {"type": "integer"}, "uniqueItems": True}, ["[1, 2]"], ["[x]"]),
    ],
)
def test_schema_matches_just_its_values(rule, schema, matching, other):
    compiled = rule("json_schema", json.dumps(schema))

    assert [each for each in matching if not compiled.matches(each)] == []
    assert [each for each in other if compiled.matches(each)] == []


def test_schema_of_its_own_form_may_ask_for_white_space(rule):
    loose = rule("json_schema", json.dumps({**PERSON, "x-guidance": {"whitespace_flexible": True}}))

    assert loose.matches('{\n "name" : "A", "age": 1 }')


def test_joined_schemas_stay_open():
    schema = {"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}

    assert closed(schema) == schema


def test_alternatives_beside_properties_stay_open():
    schema = {"properties": {"a": {}}, "anyOf": [{"properties": {"b": {}}}]}

    assert closed(schema) == schema


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "it is not valid JSON"),
        ("[1]", "it must be an object"),
        ('{"type": "hiccup"}', "Invalid type: hiccup"),
        ('{"enum": []}', "Unsatisfiable"),
        ('{"properties": 123}', "properties must be an object"),
        ('{"$ref": "https://example.com/x.json"}', "https://example.com/x.json"),
        ('{"$ref": "#/$defs/nothing"}', "does not exist"),
        ('{"$ref": "#"}', "no text matches it"),
        ('{"type": "string", "pattern": "("}', "unclosed group"),
        ('{"items":' * 5000 + "{}" + "}" * 5000, "nested more than 100 levels deep"),
        ('{"items":' * 101 + "{}" + "}" * 101, "nested more than 100 levels deep"),
        ('{"const": "' + "x" * 600_000 + '"}', "524288 are the most"),
    ],
)
def test_schema_that_means_nothing_is_refused(rule, text, reason):
    with pytest.raises(InvalidRequestError, match=r'^"json_schema": ') as caught:
        rule("json_schema", text)

    assert reason in caught.value.message


def test_long_chain_of_references_does_not_end_the_process(rule):
    chain = {f"a{i}": {"properties": {"x": {"$ref": f"#/$defs/a{i + 1}"}}} for i in range(4000)}

    assert rule("json_schema", json.dumps({"$ref": "#/$defs/a0", "$defs": {**chain, "a4000": {}}})).matches(
        "{}"
    )
