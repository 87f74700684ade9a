"""The template language of character chat."""

import pytest

from corral.core.errors import InvalidRequestError
from corral.prompt.characters import plain_template
from corral.prompt.characters.plain_template import Expansion, ends_in_slot, filled

CHARACTER = {
    "charName": "Wren",
    "persona": "@{charName} keeps the &{place}.",
    "likes": ["gulls", "@{charName}", 3],
    "age": 40,
    "none": None,
}
BODY = {"userName": "Sam", "place": "lighthouse of @{charName}"}


def expand(text, character=CHARACTER, body=BODY):
    return Expansion(character, body).of(text)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("@{charName} and &{userName}", "Wren and Sam"),
        ("@{userName}|&{charName}", "|"),
        ("@{nobody}&{nothing}@{}", ""),
        ("@{likes}", "[gulls,Wren,3]"),
        ("@{age}@{none}", "40"),
        ("@{persona}", "Wren keeps the lighthouse of Wren."),
        ("${message} ${chat} ${chatExample}", "${message} ${chat} ${chatExample}"),
        ("@charName {charName} @ {charName}", "@charName {charName} @ {charName}"),
    ],
)
def test_a_reference_becomes_its_value(template, text):
    assert expand(template) == text


def test_a_reference_made_of_references_is_replaced_too():
    assert expand("@{@{which}}", {"which": "name", "name": "Wren"}) == "Wren"
    assert expand("@{open}name}", {"open": "@{", "name": "Wren"}) == "Wren"


@pytest.mark.parametrize(
    ("character", "text"),
    [
        ({"a": "x@{a}y"}, "xy"),
        ({"a": "1@{b}", "b": "2@{a}"}, "12"),
        ({"a": "1@{b}", "b": "2&{c}"}, "12"),
    ],
)
def test_what_refers_to_itself_ends(character, text):
    assert expand("@{a}", character, {"c": "@{a}"}) == text


def test_what_refers_on_and_on_is_refused():
    with pytest.raises(InvalidRequestError, match=r"Field 'character\.a': it refers on and on"):
        expand("@{a}" + "}" * 100, {"a": "@{a"})


def test_doublings_are_refused_and_name_the_key():
    chain = {f"k{n}": f"@{{k{n + 1}}}" * 2 for n in range(40)}

    with pytest.raises(InvalidRequestError, match=r"Field 'character\.k\d+': .*10000 values"):
        expand("@{k0}", {**chain, "k40": ""})


def test_a_text_that_grows_beyond_all_measure_is_refused():
    chain = {f"k{n}": f"&{{k{n + 1}}}" * 10 for n in range(4)}

    with pytest.raises(InvalidRequestError, match=r"Field 'k\d': .*4000000 characters"):
        expand("&{k0}", {}, {**chain, "k4": "x" * 1000})


def test_a_text_counts_as_often_as_it_is_read():
    rounds = "@" * 15 + "{z}" * 15
    expansion = Expansion({"a": "@" * 700}, {}, n_max_chars=100_000)

    with pytest.raises(InvalidRequestError, match=r"Field 'character\.z': .*100000 characters"):
        expansion.of("@{a}" * 70 + rounds)


def test_the_bound_of_characters_holds_for_all_templates_of_a_body():
    expansion = Expansion({"a": "x" * 1000}, {}, n_max_chars=5000)
    texts = [expansion.of("@{a}") for _ in range(4)]

    with pytest.raises(InvalidRequestError, match=r"Field 'character\.a': .*5000 characters"):
        expansion.of("@{a}")

    assert texts == ["x" * 1000] * 4


def test_what_refers_to_itself_again_and_again_is_refused():
    with pytest.raises(InvalidRequestError, match=r"Field 'character\.a': .*10000 values"):
        expand("@{a}" * 3, {"a": "@{a}" * 5000})


def test_a_long_chain_is_refused():
    chain = {f"k{n}": f"@{{k{n + 1}}}" for n in range(5000)}

    with pytest.raises(InvalidRequestError, match=r"Field 'character\.k64': .*64 values"):
        expand("@{k0}", chain)


def test_the_bounds_hold_for_all_templates_of_a_body():
    expansion = Expansion({"a": ""}, {})
    expansion.of("@{a}" * (plain_template.MAX_REFERENCES - 1))
    expansion.of("@{a}")

    with pytest.raises(InvalidRequestError, match="10000 values"):
        expansion.of("@{a}")


def test_a_long_name_of_a_key_is_not_repeated_whole():
    with pytest.raises(InvalidRequestError) as caught:
        expand("@{a}" * 3, {"a": f"@{{{'k' * 500}}}", "k" * 500: "x" * plain_template.MAX_CHARS})

    assert len(caught.value.message) < 300


def test_what_fills_a_slot_is_never_looked_at():
    assert filled("<${message}>", {"message": "@{charName} ${message} ${chat}"}) == (
        "<@{charName} ${message} ${chat}>"
    )


def test_an_unknown_slot_stays_empty():
    assert filled("<${what}${message}>", {"message": "a"}) == "<a>"


def test_the_end_of_a_template_is_a_slot_or_not():
    assert ends_in_slot("a ${chat}", ("chat",))
    assert not ends_in_slot("${chat} ", ("chat",))
    assert not ends_in_slot("${chatExample}", ("chat",))
