"""Compiled rules: kept by their text, bounded, and strict about what cannot be."""

import pytest

from corral.core.errors import InvalidRequestError, NotSupportedError
from corral.core.structure import Structure, StructureKind
from corral.engine.fake import EOS, FakeVocabulary
from corral.engine.structure.compiler import N_KEPT, Compiler


class EndlessVocabulary(FakeVocabulary):
    """No token ends a text."""

    eog = frozenset()


def regex(text):
    return Structure(StructureKind.REGEX, text)


def test_rule_is_compiled_once(compiler):
    assert compiler.compile(regex("a")) is compiler.compile(regex("a"))
    assert compiler.compile(regex("a")) is not compiler.compile(regex("b"))


def test_rules_used_last_are_kept(compiler):
    first, second = compiler.compile(regex("first")), compiler.compile(regex("second"))
    for number in range(N_KEPT - 1):
        compiler.compile(regex(f"{number}"))
        compiler.compile(regex("first"))

    assert compiler.compile(regex("first")) is first
    assert compiler.compile(regex("second")) is not second


def test_sequences_of_one_rule_do_not_share_their_state(compiler):
    grammar = compiler.compile(regex("ab"))
    one, other = grammar.constraint(), grammar.constraint()

    one.commit(ord("a"))

    assert (one.allows(ord("b")), other.allows(ord("b"))) == (True, False)


def test_banned_tokens_are_no_choice_unless_there_is_no_other(compiler):
    constraint = compiler.compile(regex("[ab]c")).constraint(
        [(ord("a"), float("-inf")), (ord("c"), -float("inf"))]
    )

    assert list(constraint.choices()) == [ord("b")]
    constraint.commit(ord("b"))
    assert list(constraint.choices()) == [ord("c")]


def test_end_is_a_choice_where_the_text_is_complete(compiler):
    constraint = compiler.compile(regex("a+")).constraint()

    assert not constraint.allows(EOS)
    constraint.commit(ord("a"))
    assert constraint.allows(EOS)
    assert list(constraint.choices()) == [ord("a"), EOS]
    assert not constraint.is_over


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("regex", "(a", '"regex": .*unclosed group'),
        ("regex", "(" * 100_000, '"regex": '),
        ("regex", "(?=a)b", '"regex": .*look-around'),
        ("lark", "start: word", '"lark": .*unknown name: "word"'),
        ("lark", "start: " + "(" * 100_000, '"lark": .*too dee'),
        ("lark", "start: a\n" + "a: /x/\n" * 501, '"lark": it has more than 500 lines'),
    ],
)
def test_refusals_name_the_field_and_the_reason(compiler, kind, text, reason):
    with pytest.raises(InvalidRequestError, match="(?s)" + reason) as caught:
        compiler.compile(Structure(StructureKind(kind), text))

    assert len(caught.value.message) < 1100


@pytest.mark.parametrize(
    "text", ["((a{0,1000}){0,1000}){0,1000}", "(a|b|ab)*c(.|a){0,5000}d", "(a|b)*a(a|b){30}"]
)
def test_wild_regex_is_followed_within_its_limits(compiler, text):
    constraint = compiler.compile(regex(text)).constraint()

    for token in b"aaaaabbb":
        assert constraint.allows(token) == (token in constraint.choices())
        if constraint.allows(token):
            constraint.commit(token)


def test_model_without_an_end_is_refused():
    with pytest.raises(NotSupportedError, match="end-of-generation"):
        Compiler(EndlessVocabulary()).compile(regex("a"))
