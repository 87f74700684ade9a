"""The kinds of value that only sampling options have."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from corral.config.kinds import INT_MAX, finite
from corral.core.sampler_names import LETTERS, by_letters, by_names, named
from corral.core.sampling import MAX_BIAS

_BIAS = re.compile(r"\s*([0-9]{1,10})([+-])(.+)", re.DOTALL)


@dataclass(frozen=True)
class SamplerNames:
    """Names of samplers in the spellings that llama-server takes. Unknown ones are left out, as it does."""

    metavar: str = "A;B;..."
    domain: str = "names separated by semicolons"

    def read(self, text: str) -> tuple[str, ...]:
        """Return the chain in `core.sampling`'s names."""
        return by_names(_words(text))


@dataclass(frozen=True)
class SamplerLetters:
    """The same with one letter for each sampler."""

    metavar: str = "LETTERS"
    domain: str = "letters of " + "".join(LETTERS)

    def read(self, text: str) -> tuple[str, ...]:
        """Return the chain in `core.sampling`'s names."""
        return by_letters(text)


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
        bias = math.inf if size == "inf" else min(finite(size), MAX_BIAS)
        return ((token, -bias if sign == "-" else min(bias, MAX_BIAS)),)


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


def unknown_samplers(text: str) -> str | None:
    """Return a remark on the names that mean no sampler here."""
    return _remark([name for name in _words(text) if named(name) is None])


def unknown_letters(text: str) -> str | None:
    """Return a remark on the letters that mean no sampler here."""
    return _remark([letter for letter in text if letter not in LETTERS])


def _words(text: str) -> list[str]:
    return [name.strip() for name in text.split(";") if name.strip()]


def _remark(words: list[str]) -> str | None:
    return f"Corral has no sampler {', '.join(map(repr, words))}; left out" if words else None
