"""GBNF as text: what is read, and what is refused where."""

import pytest

from corral.engine.structure.gbnf import (
    ANY,
    Characters,
    Choice,
    GrammarSyntaxError,
    Reference,
    Repeat,
    Row,
    TokenName,
    parse,
)

A, B = Characters(((97, 97),)), Characters(((98, 98),))


def root(text):
    """Return what the rule `root` is, without the row around a single item."""
    node = parse(f"root ::= {text}\n")["root"]
    return node.items[0] if isinstance(node, Row) and len(node.items) == 1 else node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ('"ab"', Row((A, B))),
        ('"a" "b"', Row((Row((A,)), Row((B,))))),
        ("[a-z0]", Characters(((97, 122), (48, 48)))),
        ("[^a]", Characters(((97, 97),), is_negated=True)),
        ("[a-]", Characters(((97, 97), (45, 45)))),
        (r"[\]\\\x41\u3042\U0001F600]", Characters(tuple((c, c) for c in (93, 92, 0x41, 0x3042, 0x1F600)))),
        (r'"\n\t\r\""', Row(tuple(Characters(((c, c),)) for c in (10, 9, 13, 34)))),
        (".", ANY),
        ('"a"*', Repeat(Row((A,)), 0, None)),
        ("[a]+", Repeat(A, 1, None)),
        ("[a]?", Repeat(A, 0, 1)),
        ("[a]{3}", Repeat(A, 3, 3)),
        ("[a]{3,}", Repeat(A, 3, None)),
        ("[a]{ 3 , 4 }", Repeat(A, 3, 4)),
        ("([a] | [b])", Choice((Row((A,)), Row((B,))))),
        ("[a] | ", Choice((Row((A,)), Row(())))),
        ("(\n  [a] # first\n  | [b]\n)", Choice((Row((A,)), Row((B,))))),
        ("<think>", TokenName("<think>")),
        ("!<[12]>", TokenName("<[12]>", is_negated=True)),
        ("[あ]", Characters(((0x3042, 0x3042),))),
    ],
)
def test_each_form_is_read(text, node):
    assert root(text) == node


def test_rules_refer_to_each_other_in_any_order():
    rules = parse("# a list\nroot ::= item-1 | item-1 root\n\nitem-1 ::=\n  [a]\n")

    assert list(rules) == ["root", "item-1"]
    assert rules["root"].options[0] == Row((Reference("item-1", 18),))


def test_last_rule_of_a_name_counts():
    assert parse("root ::= [a]\nroot ::= [b]")["root"] == Row((B,))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no rule called 'root'"),
        ('x ::= "a"', "there is no rule called 'root'"),
        ("root ::= word", "undefined rule 'word' at line 1, column 10"),
        ('root ::= "a', "unexpected end of the text at line 1, column 12"),
        ("root ::= [a", "unexpected end of the text"),
        ('root ::= ("a"', "expected ')' at line 1, column 14"),
        ('root ::= "a"\n  "b"', "expected a name at line 2, column 3"),
        ('root "a"', "expected '::=' at line 1, column 6"),
        (r'root ::= "\q"', "unknown escape at line 1, column 11"),
        (r'root ::= "\x4"', "unknown escape"),
        (r'root ::= "\U00110000"', "unknown escape"),
        ('root ::= "a"{x}', "expected a number"),
        ('root ::= "a"{3,2}', "a repetition cannot be 3 to 2 times"),
        ('root ::= "a"{2001}', "more than 2000 repetitions"),
        ('root ::= "a"{2', "expected '}'"),
        ('root ::= "a" @', "expected the end of the line at line 1, column 14: '@'"),
        ("root ::= <think", "expected a token such as <think>"),
        ("root ::= " + "(" * 100_000, "more than 100 parentheses inside each other"),
    ],
)
def test_what_is_no_grammar_is_refused_with_its_place(text, reason):
    with pytest.raises(GrammarSyntaxError) as caught:
        parse(text)

    assert reason in str(caught.value)
