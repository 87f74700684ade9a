"""Grammars and schemas that hold for every request: --grammar, --json-schema and their files."""

import pytest

from corral.core.errors import SettingsError
from corral.core.structure import Structure, StructureKind

FILES = {"more.gbnf": "word ::= [a-z]+\n", "schema.json": '{"type": "object"}'}


def structure(parse, *argv):
    return parse(*argv, files=FILES).settings.generation.structure


def test_file_is_appended_to_the_grammar_before_it(parse):
    found = structure(parse, "--grammar", "root ::= word\n", "--grammar-file", "more.gbnf")

    assert found == Structure(StructureKind.GBNF, "root ::= word\nword ::= [a-z]+\n")


def test_two_files_make_one_grammar(parse):
    found = structure(parse, "--grammar-file", "more.gbnf", "--grammar-file", "more.gbnf")

    assert found.text == FILES["more.gbnf"] * 2


def test_later_grammar_or_schema_replaces_what_was_before(parse):
    assert structure(parse, "--grammar-file", "more.gbnf", "--grammar", "root ::= x").text == "root ::= x"
    assert structure(parse, "--grammar", "root ::= x", "-j", "{}").kind is StructureKind.JSON_SCHEMA


def test_schema_comes_from_a_file(parse):
    assert structure(parse, "-jf", "schema.json") == Structure(
        StructureKind.JSON_SCHEMA, '{"type": "object"}'
    )


def test_empty_grammar_is_none(parse):
    assert structure(parse, "--grammar", "") is None


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("-j", "{"), 'error while handling argument "-j": invalid value (the schema is not valid JSON'),
        (("-j", "[]"), "not a JSON object"),
        (("-j", '{"a":' * 5000 + "1" + "}" * 5000), "nested too deeply"),
        (("-j", '{"items": {"$ref": "https://a.b/c"}}'), "refers to 'https://a.b/c', which is outside"),
        (("--json-schema-file", "nowhere"), "error: failed to open file 'nowhere'"),
        (("--grammar-file", "nowhere"), "error: failed to open file 'nowhere'"),
        (("-j", "{}", "--grammar-file", "more.gbnf"), "cannot be appended to a JSON schema"),
    ],
)
def test_what_is_no_rule_ends_the_start(parse, argv, words):
    with pytest.raises(SettingsError) as caught:
        structure(parse, *argv)

    assert words in str(caught.value)
