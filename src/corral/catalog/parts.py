"""Models in several files: `name-00001-of-00003.gguf` and so on, loaded by the name of the first."""

from __future__ import annotations

import re

_PART = re.compile(r"(?P<head>.*)-(?P<number>[0-9]{5})-of-(?P<count>[0-9]{5})(?P<tail>\.gguf.*)")


def all_parts(name: str) -> list[str]:
    """Return the names (paths, addresses) of all parts in order; `name` alone if it is not one of several."""
    match = _match(name)
    if not match:
        return [name]
    count = int(match["count"])
    return [f"{match['head']}-{number:05}-of-{count:05}{match['tail']}" for number in range(1, count + 1)]


def first_part(name: str) -> str:
    """Return the name by which all parts are loaded."""
    match = _match(name)
    return f"{match['head']}-00001-of-{match['count']}{match['tail']}" if match else name


def is_later_part(name: str) -> bool:
    """Return whether another part comes before this one."""
    return first_part(name) != name


def without_part(name: str) -> str:
    """Return the name that the model would have in one file."""
    match = _match(name)
    return match["head"] + match["tail"] if match else name


def _match(name: str) -> re.Match[str] | None:
    match = _PART.fullmatch(name)
    return match if match and int(match["count"]) else None
