"""Decorators: lines that begin with @@ at the head of an entry's content (specification V3, "Decorators").

    @@depth 4
    @@role system
    The content.

Those not served here are kept. A line with @@@ counts where those right above it were not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_HEAD = re.compile(r"(?:[ \t]*\r?\n)*(?:@@[^\n]*(?:\n(?:[ \t]*\r?\n)*|\Z))+")
_NUMBER = re.compile(r"-?\d{1,6}", re.ASCII)


def split(content: str) -> tuple[str, str]:
    """Return the decorators with the blank lines around them, and the content behind."""
    found = _HEAD.match(content)
    return (found[0], content[found.end() :]) if found else ("", content)


def served(head: str) -> dict[str, Any]:
    """Return the values of the decorators that are served; of two with one name the first."""
    found: dict[str, Any] = {}
    for name, value, _ in _lines(head):
        found.setdefault(name, value)
    return found


def without_served(head: str) -> str:
    """Return the lines of those that are not served."""
    taken = {line for _, _, line in _lines(head)}
    return "".join(line for line in head.splitlines(keepends=True) if line not in taken)


def _lines(head: str) -> list[tuple[str, Any, str]]:
    found = []
    is_waiting = False
    for line in head.splitlines(keepends=True):
        word = line.strip()
        if not word or (word.startswith("@@@") and not is_waiting):
            continue
        name, _, text = word.lstrip("@").partition(" ")
        value = _SERVED[name](text.strip()) if name in _SERVED else None
        is_waiting = value is None
        if value is not None:
            found.append((name, value, line))
    return found


def _number(text: str) -> int | None:
    return max(0, int(text)) if _NUMBER.fullmatch(text) else None


def _position(text: str) -> str | None:
    return text if text in ("before_desc", "after_desc") else None


def _words(text: str) -> tuple[str, ...] | None:
    return tuple(word.strip() for word in text.split(",") if word.strip()) or None


_SERVED: dict[str, Callable[[str], Any]] = {
    "depth": _number,
    "scan_depth": _number,
    "position": _position,
    "additional_keys": _words,
    "activate": lambda _: True,
    "dont_activate": lambda _: True,
}
