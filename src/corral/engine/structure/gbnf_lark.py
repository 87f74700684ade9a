r"""GBNF in the language of llguidance, without a change of meaning.

llguidance splits text into lexemes, each as long as it can be, before it parses; GBNF knows characters only.
A rule such as `ws ::= [ \n]*` in front of a "\n" would swallow it as a lexeme, and the grammar could never
end. So every lexeme here is one character: then there is nothing to split, and ambiguity is the parser's,
which follows all ways at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from corral.engine.structure.gbnf import Characters, Choice, Node, Reference, Repeat, Row, TokenName

_SURROGATES = (0xD800, 0xDFFF)  # no characters: UTF-8 cannot say them
_NOTHING = "/[a&&b]/"
_NUMBER = re.compile(r"<\[([0-9]{1,9})\]>")


TokenId = Callable[[str], int]


def to_lark(rules: Mapping[str, Node], token_id: TokenId) -> str:
    """Return the grammar; its `start` is the rule `root`. `token_id` finds the one token that a text is."""
    names = {name: f"r{number}" for number, name in enumerate(rules)}
    names["root"] = "start"
    writer = _Writer(names, token_id)
    return "".join(f"{names[name]}: {writer.text(node)}\n" for name, node in rules.items())


class _Writer:
    """Writes nodes; `names` are the rules' new names."""

    def __init__(self, names: Mapping[str, str], token_id: TokenId) -> None:
        self._names = names
        self._token_id = token_id

    def text(self, node: Node) -> str:
        """Return a node, in parentheses where it has several parts."""
        match node:
            case Characters(ranges, is_negated):
                return _class(ranges, is_negated=is_negated)
            case Reference(name):
                return self._names[name]
            case TokenName(text, is_negated):
                return f"<[{'^' * is_negated}{self._id(text)}]>"
            case Repeat(item, least, most):
                return _repeat(self.text(item), least, most)
            case Row(items):
                return self._row(items)
            case Choice(options):
                return f"({' | '.join(map(self.text, options))})"

    def _row(self, items: tuple[Node, ...]) -> str:
        if len(items) == 1:  # llguidance bears some 30 parentheses inside each other
            return self.text(items[0])
        return f"({' '.join(map(self.text, items))})" if items else '""'

    def _id(self, text: str) -> int:
        number = _NUMBER.fullmatch(text)
        return int(number[1]) if number else self._token_id(text)


def _repeat(item: str, least: int, most: int | None) -> str:
    if most == 0:
        return '""'
    if most is None:
        return f"({item})*" if least == 0 else f"({item}){{{least},}}"
    return f"({item}){{{least},{most}}}"


def _class(ranges: Iterable[tuple[int, int]], *, is_negated: bool) -> str:
    spans = [f"\\x{{{first:X}}}-\\x{{{last:X}}}" for pair in ranges for first, last in _speakable(*pair)]
    if is_negated:
        return f"/[^{''.join(spans)}]/" if spans else "/(?s:.)/"
    return f"/[{''.join(spans)}]/" if spans else _NOTHING


def _speakable(first: int, last: int) -> Iterable[tuple[int, int]]:
    """Yield the range without surrogates; nothing of one that is empty."""
    low, high = _SURROGATES
    for begin, end in ((first, min(last, low - 1)), (max(first, high + 1), last)):
        if begin <= end:
            yield begin, end
