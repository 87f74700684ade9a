"""How a text from the command line, the environment or a file becomes a value.

Every kind raises `ValueError` with what llama-server would say ("stoi", "invalid value") and then our reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from corral.core.structure import Structure

Value: TypeAlias = bool | int | float | str | tuple[object, ...] | dict[str, object] | Structure | None

INT_MAX = 2**31 - 1
INT_MIN = -(2**31)
FLOAT_MAX = 3.4028234663852886e38  # a C float's; beyond it lies infinity

_ON = ("on", "enabled", "true", "1")
_OFF = ("off", "disabled", "false", "0")
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,19}")


class Kind(Protocol):
    """A type of value. `metavar` stands for it in usage texts and is empty when no value follows the flag."""

    @property
    def metavar(self) -> str:
        """The placeholder after the flag."""
        ...

    @property
    def domain(self) -> str:
        """What may be given, in words."""
        ...

    def read(self, text: str) -> Value:
        """Return the value that `text` means. Raises `ValueError`."""
        ...


@dataclass(frozen=True)
class Switch:
    """On or off. On the command line its presence says it; elsewhere one of eight words."""

    metavar: str = ""
    domain: str = "switch"

    def read(self, text: str) -> bool:
        """Return True for on, enabled, true, 1."""
        if text not in _ON + _OFF:
            raise ValueError(f"invalid value ('{text}' is none of {', '.join(_ON + _OFF)})")
        return text in _ON


SWITCH = Switch()


@dataclass(frozen=True)
class Constant:
    """A flag that, when present, means one fixed value of its field."""

    value: Value
    metavar: str = ""
    domain: str = "switch"

    def read(self, text: str) -> Value:
        """Return the constant for an "on" word. Off would have no meaning and is refused."""
        if not SWITCH.read(text):
            raise ValueError("invalid value (this can only be switched on)")
        return self.value


@dataclass(frozen=True)
class Integer:
    """A whole number in [lowest, highest]; a `none` value means "not set", a word stands for its number.

    Below `floor` it becomes `floor`.
    """

    lowest: int = INT_MIN
    highest: int = INT_MAX
    floor: int = INT_MIN
    none: Container[int] = ()
    words: Mapping[str, int] = field(default_factory=dict)
    parser: str = "stoi"
    metavar: str = "N"

    @property
    def domain(self) -> str:
        """The range, without C's own limits."""
        return ", ".join(["integer" + _range(self.lowest, self.highest, INT_MIN, INT_MAX), *self.words])

    def read(self, text: str) -> int | None:
        """Return the number, None for a `none` value."""
        if text in self.words:
            return self.words[text]
        if not _WHOLE.fullmatch(text):
            raise ValueError(f"{self.parser} ('{text}' is not a whole number)")
        number = int(text)
        if not self.lowest <= number <= self.highest:
            raise ValueError(f"invalid value ({number} is not in {self.lowest}..{self.highest})")
        return None if number in self.none else max(number, self.floor)


@dataclass(frozen=True)
class Real:
    """A finite number in [lowest, highest]; below `floor` it becomes `floor`."""

    lowest: float = -math.inf
    highest: float = math.inf
    floor: float = -math.inf
    metavar: str = "N"

    @property
    def domain(self) -> str:
        """The range, where there is one."""
        return "number" + _range(self.lowest, self.highest, -math.inf, math.inf)

    def read(self, text: str) -> float:
        """Return the number; NaN and infinities are refused: no setting has a use for them."""
        number = finite(text)
        if not self.lowest <= number <= self.highest:
            raise ValueError(f"invalid value ({number:g} is not in {self.lowest:g}..{self.highest:g})")
        return max(number, self.floor)


@dataclass(frozen=True)
class Text:
    """Any text. Empty means "not set", as an empty variable does for llama-server."""

    metavar: str = "TEXT"
    domain: str = "text"

    def read(self, text: str) -> str | None:
        """Return the text, None when it is empty."""
        return text or None


@dataclass(frozen=True)
class Words:
    """Words between commas, each a `noun`; the text `none` stands for no words."""

    metavar: str
    domain: str
    noun: str = "name"
    none: str | None = None

    def read(self, text: str) -> tuple[str, ...]:
        """Return the words. An empty one is refused, never skipped."""
        if text == self.none:
            return ()
        words = tuple(text.split(","))
        if not all(words):
            raise ValueError(f"invalid value (a {self.noun} is empty)")
        return words


@dataclass(frozen=True)
class Choice:
    """One of a few words; each maps to the value it means."""

    words: Mapping[str, Value]

    @property
    def metavar(self) -> str:
        """The first word of each meaning."""
        firsts: dict[Value, str] = {}
        for word, meaning in self.words.items():
            firsts.setdefault(meaning, word)
        return "|".join(firsts.values())

    @property
    def domain(self) -> str:
        """All words."""
        return ", ".join(filter(None, self.words))

    def read(self, text: str) -> Value:
        """Return what the word means."""
        if text not in self.words:
            raise ValueError(f"invalid value ('{text}' is none of {self.domain})")
        return self.words[text]


def finite(text: str) -> float:
    """Return the number. Raises `ValueError` for anything else, also for what a C float cannot hold."""
    try:
        number = math.nan if "_" in text else float(text)
    except ValueError:
        number = math.nan
    if not abs(number) <= FLOAT_MAX:  # NaN is not either
        raise ValueError(f"stof ('{text}' is not a finite number)")
    return number


def on_off() -> Choice:
    """Return the choice of a switch that takes its value from the next word."""
    return Choice({**dict.fromkeys(_ON, "on"), **dict.fromkeys(_OFF, "off")})


def on_off_auto() -> Choice:
    """Return the choice of flags that were switches once: the eight words of a switch, and auto."""
    return Choice({**on_off().words, "auto": "auto", "-1": "auto"})


def _range(lowest: float, highest: float, no_lowest: float, no_highest: float) -> str:
    if lowest == no_lowest and highest == no_highest:
        return ""
    if highest == no_highest:
        return f", {lowest} or more"
    return f", {highest} or less" if lowest == no_lowest else f", {lowest} to {highest}"
