"""How a query and a document become one input."""

from corral.engine.fake import BOS, EOS, FakeVocabulary
from corral.engine.pairs import PairLayout


class Spy(FakeVocabulary):
    def __init__(self):
        self.seen = []

    def tokenize(self, text, *, add_special, parse_special):
        self.seen.append((text, add_special, parse_special))
        return super().tokenize(text, add_special=add_special, parse_special=parse_special)


def test_a_layout_of_tokens():
    layout = PairLayout(head=(BOS,), between=(EOS, 7), tail=(EOS,))

    pairs = layout.pairs(FakeVocabulary(), "ab", ["c", ""])

    assert pairs == [[BOS, 97, 98, EOS, 7, 99, EOS], [BOS, 97, 98, EOS, 7, EOS]]


def test_special_tokens_in_texts_are_text():
    spy = Spy()

    PairLayout().pairs(spy, "q", ["d"])

    assert spy.seen == [("q", False, False), ("d", False, False)]


def test_a_template_is_filled_and_read_as_one_text():
    spy = Spy()

    PairLayout(template="<q>{query} {document} {other}").pairs(spy, "a", ["b", "c"])

    assert spy.seen == [("<q>a b {other}", False, True), ("<q>a c {other}", False, True)]


def test_braces_in_texts_are_not_filled():
    spy = Spy()

    PairLayout(template="{query}/{document}").pairs(spy, "{document}", ["{query}"])

    assert spy.seen == [("{document}/{query}", False, True)]
