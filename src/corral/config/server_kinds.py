"""The kinds of value that only server options have.

An empty key would look like protection and be none: it is refused, never skipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from corral.config.kinds import finite

_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_HEADER = re.compile(r"[\x20-\x7e]+")
_YEAR_S = 365 * 24 * 3600


@dataclass(frozen=True)
class KeyFile:
    """API keys in the lines of a file."""

    metavar: str = "FNAME"
    domain: str = "keys"

    def read(self, text: str) -> tuple[str, ...]:
        """Return the keys of the file's text, at least one."""
        lines = (line.strip() for line in text.splitlines())
        keys = tuple(line for line in lines if line and not line.startswith("#"))
        if not keys:
            raise ValueError("invalid value (the file holds no key)")
        return keys


@dataclass(frozen=True)
class PathPrefix:
    """The beginning of a URL's path, without a slash at its end; empty for none."""

    metavar: str = "PREFIX"
    domain: str = "path"

    def read(self, text: str) -> str:
        """Return the prefix as paths begin with it."""
        prefix = text.rstrip("/")
        if prefix and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/"))):
            raise ValueError("invalid value (a path like /llm is needed: letters, digits and -._~)")
        return prefix


@dataclass(frozen=True)
class HeaderText:
    """What stands in an HTTP header."""

    metavar: str
    domain: str = "text"

    def read(self, text: str) -> str:
        """Return the text, which must be one line of ASCII."""
        if not _HEADER.fullmatch(text):
            raise ValueError("invalid value (one line of ASCII is needed)")
        return text.strip()


@dataclass(frozen=True)
class SecondsOrNever:
    """A time; -1 means never."""

    metavar: str = "N"
    domain: str = "number above 0, or -1"

    def read(self, text: str) -> float | None:
        """Return the seconds, None for never."""
        seconds = finite(text)
        if seconds == -1:
            return None
        if not 0 < seconds <= _YEAR_S:
            raise ValueError(f"invalid value ({seconds:g} is neither -1 nor above 0 and up to {_YEAR_S})")
        return seconds
