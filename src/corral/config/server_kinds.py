"""The kinds of value that only server options have.

An empty key would look like protection and be none: it is refused, never skipped.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Keys:
    """API keys separated by commas."""

    metavar: str = "KEY[,KEY...]"
    domain: str = "text"

    def read(self, text: str) -> tuple[str, ...]:
        """Return the keys, at least one."""
        keys = tuple(text.split(","))
        if not all(keys):
            raise ValueError("invalid value (a key is empty)")
        return keys


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
