"""Multiples are served as long as they are little work, in a schema and in a grammar that holds one."""

import json

import pytest

from corral.core.errors import InvalidRequestError
from corral.core.structure import Structure, StructureKind
from corral.engine.structure.multiples import are_bearable, in_json, in_text


@pytest.mark.parametrize("numbers", [[5], [0.01, 0.25, 100], [1e6, 1e300], [1024, 3], [7] * 1000, [0, -3]])
def test_those_that_are_little_work_are_served(numbers):
    assert are_bearable(numbers)


@pytest.mark.parametrize("numbers", [[999983], [97, 89, 83], [9999] * 11, [-99991], [0.123457], ["99991e5"]])
def test_those_that_are_much_work_are_not(numbers):
    assert not are_bearable(numbers)


def test_they_are_found_wherever_they_are():
    schema = {"allOf": [{"multipleOf": 3}, {"properties": {"multipleOf": {"multipleOf": 0.5}}}]}

    assert sorted(in_json(schema)) == [0.5, 3]
    assert list(in_text('%json {"multipleOf" : 12.5, "\\u006dultipleOf":7}')) == ["12.5", "7"]


@pytest.mark.parametrize(
    "structure",
    [
        Structure(StructureKind.JSON_SCHEMA, json.dumps({"type": "integer", "multipleOf": 9999991})),
        Structure(StructureKind.LARK, 'start: %json {"type": "integer", "multipleOf": 9999991}'),
    ],
)
def test_too_much_is_refused_before_it_is_begun(compiler, structure):
    with pytest.raises(InvalidRequestError, match="multipleOf"):
        compiler.compile(structure)
