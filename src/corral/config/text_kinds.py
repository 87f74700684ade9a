"""Kinds of text that is taken as it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verbatim:
    """Any text, to its last blank; empty is a value too."""

    metavar: str = "FNAME"
    domain: str = "text"

    def read(self, text: str) -> str:
        """Return the text."""
        return text
