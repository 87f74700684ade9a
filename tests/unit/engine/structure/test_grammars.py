"""What GBNF means, in llguidance's hands."""

import pytest

from corral.core.errors import InvalidRequestError
from corral.engine.fake import EOS
from corral.engine.structure.constraint import MAX_FORCED


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        ('root ::= "ab" | "ac"', ["ab", "ac"], ["a", "abc", ""]),
        ("root ::= [a-c]{2,3}", ["ab", "abc"], ["a", "abcd", "xy"]),
        ("root ::= [^a]", ["b", "あ", "\n"], ["a", ""]),
        ("root ::= .", ["a", "\n", "😀"], ["ab"]),
        ('root ::= "a"{0} "b"', ["b"], ["ab"]),
        ('root ::= ("a" | )* "b"', ["b", "ab", "aab"], ["a"]),
        ('root ::= "(" root ")" | "x"', ["x", "((x))"], ["(x"]),
        ('root ::= root "a" | "b"', ["b", "baa"], ["a", "ab"]),
        ('root ::= [\\u3042-\\u3044] "\\U0001F600"', ["い😀"], ["う😀"]),
    ],
)
def test_grammar_matches_just_its_texts(rule, text, matching, other):
    grammar = rule("gbnf", text)

    assert [each for each in matching if not grammar.matches(each)] == []
    assert [each for each in other if grammar.matches(each)] == []


@pytest.mark.parametrize(
    ("text", "matching"),
    [
        ('root ::= word "s"\nword ::= [a-z]+', "cats"),
        ('root ::= line+\nline ::= [a-z]+ gap "\\n"\ngap ::= [ \\n]*', "a \n\n\nb\n"),
        ("root ::= word word\nword ::= [a-z]+", "ab"),
        ('root ::= ("abc" | [a-z]) [a-z]*', "abd"),
    ],
)
def test_a_rule_gives_back_what_it_took_too_much(rule, text, matching):
    assert rule("gbnf", text).matches(matching)


def test_a_text_longer_than_one_step_takes_is_forced_on_in_the_next(rule):
    constraint = rule("gbnf", f'root ::= "{"a" * (MAX_FORCED + 9)}" "b"? "c"').begun("")

    steps = [bytes(constraint.take_forced()).decode() for _ in range(3)]
    constraint.commit(ord("b"))

    assert steps == ["a" * MAX_FORCED, "a" * 9, ""]
    assert constraint.take_forced() == [ord("c")]


def test_special_token_is_named_by_its_id(rule):
    constraint = rule("gbnf", f'root ::= "a" <[{EOS - 1}]> "b"').begun("a")

    assert list(constraint.choices()) == [EOS - 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("root ::= (", "expected ')'"),
        ('root ::= "a" root', "no choice for too long"),
        ("root ::= <nothing>", "<nothing> is not one token of the model"),
        ('root ::= "' + "a" * 200_000 + '"', "131072 are the most"),
        (
            "root ::= r0\n" + "".join(f'r{i} ::= r{i + 1} | "b"\n' for i in range(8000)) + 'r8000 ::= "a"',
            "",
        ),
    ],
)
def test_grammar_that_cannot_be_followed_is_refused(rule, text, reason):
    with pytest.raises(InvalidRequestError, match=r"^Failed to parse grammar: ") as caught:
        rule("gbnf", text)

    assert reason in caught.value.message


def test_parentheses_around_one_item_cost_nothing(rule):
    assert rule("gbnf", "root ::= " + "(" * 90 + '"a"' + ")" * 90).matches("a")
