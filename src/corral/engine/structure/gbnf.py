"""llama.cpp's grammars (GBNF), read into a tree. The language: grammars/README.md and llama-grammar.cpp."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

MAX_DEPTH = 100  # of parentheses
MAX_REPEATS = 2000  # of one item, as in llama.cpp

_LAST_CHARACTER = 0x10FFFF
_ESCAPES = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\", '"': '"', "[": "[", "]": "]"}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_BLANKS = re.compile(r"(?:[ \t]|#[^\r\n]*)*")
_BLANKS_AND_LINES = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_COUNT = re.compile(r"[0-9]{1,9}")
_TOKEN = re.compile(r"<[^>\r\n]*>")


class GrammarSyntaxError(Exception):
    """The text is no GBNF; the message says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Characters:
    """One character out of `ranges` (first and last code point), or none of them."""

    ranges: tuple[tuple[int, int], ...]
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """Whatever the rule of that name matches."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class TokenName:
    """One special token by its text `<...>` or its id `<[...]>`, or any other token."""

    text: str
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Repeat:
    """An item at least `least` times, at most `most` (None: no end)."""

    item: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """Items one after another."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    options: tuple[Node, ...]


Node: TypeAlias = Characters | Reference | TokenName | Repeat | Row | Choice

ANY = Characters((), is_negated=True)


def parse(text: str) -> dict[str, Node]:
    """Return the rules by name, `root` and every name that is used among them.

    Raises GrammarSyntaxError.
    """
    return _Reader(text).rules()


class _Reader:
    """Recursive descent over one text; `_at` is how far it has come."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._references: list[Reference] = []

    def rules(self) -> dict[str, Node]:
        rules: dict[str, Node] = {}
        self._skip(_BLANKS_AND_LINES)
        while self._at < len(self._text):
            name = self._name()
            rules[name] = self._rule()
            self._skip(_BLANKS_AND_LINES)
        self._check_names(rules)
        return rules

    def _check_names(self, rules: dict[str, Node]) -> None:
        if "root" not in rules:
            raise GrammarSyntaxError("there is no rule called 'root'")
        for reference in self._references:
            if reference.name not in rules:
                raise self._error(f"undefined rule '{reference.name}'", reference.at)

    def _rule(self) -> Node:
        self._skip(_BLANKS)
        if not self._take("::="):
            raise self._error("expected '::='")
        self._skip(_BLANKS_AND_LINES)
        node = self._choice(_BLANKS)
        if self._at < len(self._text) and self._text[self._at] not in "\r\n":
            raise self._error("expected the end of the line")
        return node

    def _choice(self, blanks: re.Pattern[str]) -> Node:
        options = [self._row(blanks)]
        while self._take("|"):
            self._skip(_BLANKS_AND_LINES)
            options.append(self._row(blanks))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _row(self, blanks: re.Pattern[str]) -> Row:
        items: list[Node] = []
        while (item := self._item(blanks)) is not None:
            items.append(self._repeated(item))
            self._skip(blanks)
        return Row(tuple(items))

    def _item(self, blanks: re.Pattern[str]) -> Node | None:
        """Return the next item, None where there is none; `blanks` may stand behind it."""
        found: Node | None = None
        if self._take('"'):
            found = self._literal()
        elif self._take("["):
            found = self._class()
        elif self._take("("):
            found = self._group()
        elif self._take("."):
            found = ANY
        elif self._peek() in ("<", "!"):
            found = self._token()
        elif _NAME.match(self._text, self._at):
            found = self._reference()
        self._skip(blanks)
        return found

    def _literal(self) -> Row:
        codes = []
        while not self._take('"'):
            codes.append(self._code())
        return Row(tuple(Characters(((code, code),)) for code in codes))

    def _class(self) -> Node:
        is_negated = self._take("^")
        ranges = []
        while not self._take("]"):
            first = last = self._code()
            if self._peek() == "-" and self._peek(1) != "]":
                self._at += 1
                last = self._code()
            ranges.append((first, last))
        return Characters(tuple(ranges), is_negated) if ranges or is_negated else Row(())

    def _group(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} parentheses inside each other")
        self._skip(_BLANKS_AND_LINES)
        node = self._choice(_BLANKS_AND_LINES)
        if not self._take(")"):
            raise self._error("expected ')'")
        self._depth -= 1
        return node

    def _token(self) -> TokenName:
        is_negated = self._take("!")
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise self._error("expected a token such as <think> or <[1000]>")
        self._at = match.end()
        return TokenName(match[0], is_negated)

    def _reference(self) -> Reference:
        reference = Reference(at=self._at, name=self._name())
        self._references.append(reference)
        return reference

    def _repeated(self, item: Node) -> Node:
        for sign, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self._take(sign):
                return Repeat(item, least, most)
        return self._counted(item) if self._take("{") else item

    def _counted(self, item: Node) -> Repeat:
        self._skip(_BLANKS_AND_LINES)
        least = self._count()
        most: int | None = least
        if self._take(","):
            self._skip(_BLANKS_AND_LINES)
            most = None if self._peek() == "}" else self._count()
        if not self._take("}"):
            raise self._error("expected '}'")
        if most is not None and most < least:
            raise self._error(f"a repetition cannot be {least} to {most} times")
        return Repeat(item, least, most)

    def _count(self) -> int:
        match = _COUNT.match(self._text, self._at)
        if match is None:
            raise self._error("expected a number")
        if int(match[0]) > MAX_REPEATS:
            raise self._error(f"more than {MAX_REPEATS} repetitions")
        self._at = match.end()
        self._skip(_BLANKS_AND_LINES)
        return int(match[0])

    def _code(self) -> int:
        """Return the code point of a character as it stands in a literal or a class."""
        character = self._peek()
        if not character:
            raise self._error("unexpected end of the text")
        self._at += 1
        return self._escaped() if character == "\\" else ord(character)

    def _escaped(self) -> int:
        letter = self._peek()
        self._at += 1
        if letter in _ESCAPES:
            return ord(_ESCAPES[letter])
        n_digits = _HEX_DIGITS.get(letter, 0)
        digits = re.compile(f"[0-9A-Fa-f]{{{n_digits}}}").match(self._text, self._at)
        if not n_digits or digits is None or int(digits[0], 16) > _LAST_CHARACTER:
            raise self._error("unknown escape", self._at - 2)
        self._at = digits.end()
        return int(digits[0], 16)

    def _name(self) -> str:
        match = _NAME.match(self._text, self._at)
        if match is None:
            raise self._error("expected a name")
        self._at = match.end()
        return match[0]

    def _peek(self, n_ahead: int = 0) -> str:
        return self._text[self._at + n_ahead : self._at + n_ahead + 1]

    def _take(self, wanted: str) -> bool:
        is_there = self._text.startswith(wanted, self._at)
        self._at += len(wanted) * is_there
        return is_there

    def _skip(self, blanks: re.Pattern[str]) -> None:
        match = blanks.match(self._text, self._at)
        assert match is not None
        self._at = match.end()

    def _error(self, what: str, at: int | None = None) -> GrammarSyntaxError:
        at = self._at if at is None else at
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        found = self._text[at : at + 20]
        place = f"{what} at line {line}, column {column}"
        return GrammarSyntaxError(f"{place}: {found!r}" if found else place)
