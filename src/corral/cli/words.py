"""Amounts and texts as terminals show them."""

from __future__ import annotations

import re

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
# What moves the cursor, changes colours or titles. Names and answers come from others.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: str) -> str:
    """Return `text` without control characters but tabs and line ends, so that it can only be read."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def size(n_bytes: int) -> str:
    """Return an amount of memory, such as `4.1 GiB`; nothing for none."""
    if n_bytes <= 0:
        return ""
    amount = float(n_bytes)
    for unit in _UNITS:
        if amount < 1024 or unit == _UNITS[-1]:
            break
        amount /= 1024
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def count(number: int) -> str:
    """Return a large number, such as `7.2 B`; nothing for none."""
    for power, letter in ((9, " B"), (6, " M"), (3, " K")):
        if number >= 10**power:
            return f"{number / 10**power:.1f}{letter}"
    return str(number) if number > 0 else ""


def duration(seconds: float) -> str:
    """Return a time, such as `1 h 5 min`, `2 min 5 s`, `40 s`."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
