"""Whether the multiples that a rule asks for can be borne.

llguidance makes a state for each remainder of `multipleOf`, in time that grows faster than their number, and
joins several into one of their least common multiple. None of its limits counts them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

MAX_COMMON = 20_000  # the least common multiple: 0.1 s
MAX_SUM = 100_000
REFUSAL = f'"multipleOf" asks for too much: its numbers may come to {MAX_COMMON} together'

_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_NAMED = re.compile(r'"multipleOf"\s*:\s*(-?[0-9][0-9.eE+-]*)')


def are_bearable(numbers: Iterable[str | float]) -> bool:
    """Return whether all of `numbers` in one rule are little work, in whatever way they are joined."""
    common, total = 1, 0
    for number in numbers:
        size = _size(number)
        common, total = math.lcm(common, size), total + size
        if common > MAX_COMMON or total > MAX_SUM:
            return False
    return True


def in_json(value: object) -> Iterator[float]:
    """Yield the numbers called "multipleOf", wherever they are in `value`."""
    if isinstance(value, dict):
        number = value.get("multipleOf")
        if isinstance(number, int | float):
            yield number
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        yield from in_json(part)


def in_text(text: str) -> Iterator[str]:
    """Yield the numbers called "multipleOf" in a text with JSON in it, however that is spelled."""
    plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    return (found[1] for found in _NAMED.finditer(plain))


def _size(number: str | float) -> int:
    """Return the digits of a number without the zeros at its end and its point: those cost nothing.

    What is no number, or 0, is for llguidance to refuse.
    """
    try:
        digits = Decimal(str(number)).normalize().as_tuple().digits
    except ArithmeticError:
        return 1
    return max(1, int("".join(map(str, digits[:20]))))
