"""Patterns that bind one text together are served as long as they are few."""

import json

import pytest

from corral.core.errors import InvalidRequestError
from corral.core.structure import Structure, StructureKind
from corral.engine.structure.intersections import in_json, in_lark


def test_only_what_joins_patterns_counts_in_a_grammar():
    assert in_lark('start: T & /a&b/ & "x & y"\n# "\nT: /\\/&/ & /"/ & /"/') == 4


def test_patterns_of_one_text_count_and_those_of_others_do_not():
    apart = {"type": "object", "properties": {f"p{i}": {"pattern": "a"} for i in range(30)}}
    joined = {"allOf": [{"pattern": "a"}, {"allOf": [{"format": "date"}, {"$ref": "#/x"}]}], "pattern": "b"}

    assert in_json(apart) == 0
    assert in_json({"properties": {"a": joined}}) == 4


@pytest.mark.parametrize(
    "structure",
    [
        Structure(
            StructureKind.JSON_SCHEMA,
            json.dumps({"allOf": [{"type": "string", "pattern": f"a.{{{n}}}"} for n in range(30)]}),
        ),
        Structure(
            StructureKind.LARK, "start: T\nT: " + " & ".join(f"/(.*[a-z].{{{n}}})/" for n in range(30))
        ),
    ],
)
def test_too_many_are_refused_before_it_is_begun(compiler, structure):
    with pytest.raises(InvalidRequestError, match="joins too much"):
        compiler.compile(structure)
