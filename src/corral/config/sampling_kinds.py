"""The kinds of value that only sampling options have."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from corral.config.kinds import INT_MAX, finite

# Penalties always come first in our chain, whether they are named or not.
_ALWAYS_FIRST = "penalties"
_LETTERS = {
    "d": "dry",
    "s": "top_n_sigma",
    "k": "top_k",
    "y": "typ_p",
    "p": "top_p",
    "m": "min_p",
    "x": "xtc",
    "t": "temperature",
    "e": _ALWAYS_FIRST,
}
_SPELLINGS = {
    **{name: name for name in _LETTERS.values()},
    "nucleus": "top_p",
    "typical_p": "typ_p",
    "typical": "typ_p",
    "typ": "typ_p",
    "temp": "temperature",
}
_BIAS = re.compile(r"\s*([0-9]{1,10})([+-])(.+)", re.DOTALL)


@dataclass(frozen=True)
class SamplerNames:
    """Names of samplers in the spellings that llama-server takes. Unknown ones are left out, as it does."""

    metavar: str = "A;B;..."
    domain: str = "names separated by semicolons"

    def read(self, text: str) -> tuple[str, ...]:
        """Return the chain in `core.sampling`'s names."""
        return _chain(_SPELLINGS, _names(text))


@dataclass(frozen=True)
class SamplerLetters:
    """The same with one letter for each sampler."""

    metavar: str = "LETTERS"
    domain: str = "letters of " + "".join(_LETTERS)

    def read(self, text: str) -> tuple[str, ...]:
        """Return the chain in `core.sampling`'s names."""
        return _chain(_LETTERS, list(text))


@dataclass(frozen=True)
class LogitBias:
    """A token id and an offset of its logit."""

    metavar: str = "ID(+/-)BIAS"
    domain: str = "token id, sign, number or inf"

    def read(self, text: str) -> tuple[tuple[int, float]]:
        """Return one pair in a tuple, as the field holds many."""
        match = _BIAS.fullmatch(text)
        if not match:
            raise ValueError("invalid input format")
        token, sign, size = int(match[1]), match[2], match[3]
        if token > INT_MAX:
            raise ValueError(f"invalid input format ({token} is no token)")
        bias = math.inf if size == "inf" else finite(size)
        return ((token, -bias if sign == "-" else bias),)


@dataclass(frozen=True)
class Breaker:
    """A text at which DRY starts anew, or none."""

    metavar: str = "TEXT"
    domain: str = "text"

    def read(self, text: str) -> tuple[str, ...]:
        """Return the text in a tuple, as the field holds many; nothing for none."""
        if not text:
            raise ValueError("invalid value (the text is empty)")
        return () if text == "none" else (text,)


def letters(samplers: tuple[str, ...]) -> str:
    """Return the letters of a chain."""
    by_name = {name: letter for letter, name in _LETTERS.items()}
    return "".join(by_name[name] for name in samplers)


def unknown_samplers(text: str) -> str | None:
    """Return a remark on the names that mean no sampler here."""
    return _remark([name for name in _names(text) if name not in _SPELLINGS])


def unknown_letters(text: str) -> str | None:
    """Return a remark on the letters that mean no sampler here."""
    return _remark([letter for letter in text if letter not in _LETTERS])


def _names(text: str) -> list[str]:
    return [name.strip().replace("-", "_") for name in text.split(";") if name.strip()]


def _chain(table: dict[str, str], words: list[str]) -> tuple[str, ...]:
    chain = (table[word] for word in words if word in table)
    return tuple(name for name in chain if name != _ALWAYS_FIRST)


def _remark(words: list[str]) -> str | None:
    return f"Corral has no sampler {', '.join(map(repr, words))}; left out" if words else None
