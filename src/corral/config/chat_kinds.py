"""Kinds of values that are texts and names of chats and models."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True)
class JsonObject:
    """A JSON object."""

    metavar: str = "JSON"
    domain: str = "JSON object"

    def read(self, text: str) -> dict[str, object]:
        """Return the object."""
        try:
            return msgspec.json.decode(text, type=dict[str, object])
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(f"invalid value (not a JSON object: {error})") from error


@dataclass(frozen=True)
class Labels:
    """Names between commas; blanks around them do not count."""

    metavar: str = "A,B"
    domain: str = "names, separated by commas"

    def read(self, text: str) -> tuple[str, ...]:
        """Return the names that are not empty."""
        return tuple(name for part in text.split(",") if (name := part.strip()))


@dataclass(frozen=True)
class Stop:
    """A stop string."""

    metavar: str = "PROMPT"
    domain: str = "text"

    def read(self, text: str) -> tuple[str, ...]:
        """Return it in a tuple, as the field holds many; nothing for an empty one."""
        return (text,) if text else ()


@dataclass(frozen=True)
class TextFile:
    """The text of a file, without the line break at its end."""

    metavar: str = "FNAME"
    domain: str = "text"

    def read(self, text: str) -> str:
        """Return the text."""
        return text.removesuffix("\n")


@dataclass(frozen=True)
class Effort:
    """How hard to think, in the template's own words; `default` leaves it to the template."""

    metavar: str = "LEVEL"
    domain: str = "minimal, low, medium, high or what the template knows; default"

    def read(self, text: str) -> str | None:
        """Return the level, None for the template's own."""
        return None if text in ("", "default") else text
