"""JSON from strangers: no key twice, no NaN, no text that is none, and bounded in size and depth."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from corral.core.errors import CharacterFileError
from corral.prompt.cards.limits import MAX_JSON_BYTES, MAX_NESTING, MAX_VALUES

_MAX_DIGITS = 20


def decode(content: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """Return the value. Every integer in it fits into 64 bits, every text can be written as UTF-8.

    Raises:
        CharacterFileError: it is no such JSON; the message says why.
    """
    if len(content) > MAX_JSON_BYTES:
        raise CharacterFileError(f"the JSON is larger than {MAX_JSON_BYTES} bytes")
    try:
        value = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_decimal,
        )
    except UnicodeDecodeError:
        raise CharacterFileError("the JSON is not valid UTF-8") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise CharacterFileError(f"the JSON cannot be read: {error}") from None
    check_values(value)
    return value


def encode(value: object) -> bytes:
    """Return JSON in UTF-8. Raises CharacterFileError for what JSON has no words for."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2).encode()
    except (TypeError, ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise CharacterFileError(f"the character cannot be written as JSON: {error}") from None


def check_values(value: object) -> None:
    """Raise CharacterFileError for too many values, too deep ones, and texts that no file can hold."""
    waiting = [(value, 1)]
    n_values = 0
    while waiting:
        found, depth = waiting.pop()
        n_values += 1
        if n_values > MAX_VALUES:
            raise CharacterFileError(f"the file holds more than {MAX_VALUES} values")
        if depth > MAX_NESTING:
            raise _too_deep()
        if isinstance(found, str):
            _check_text(found)
        elif isinstance(found, dict):
            waiting += [(key, depth) for key in found]
            waiting += [(item, depth + 1) for item in found.values()]
        elif isinstance(found, list):
            waiting += [(item, depth + 1) for item in found]


def _too_deep() -> CharacterFileError:
    return CharacterFileError(f"the file is nested deeper than {MAX_NESTING} levels")


def _check_text(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CharacterFileError("a text holds half a surrogate pair") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise CharacterFileError(f"the key {shown(twice)} stands twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise CharacterFileError(f"{name} is no number of JSON")


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) <= _MAX_DIGITS else 2**64
    if not -(2**63) <= value < 2**63:
        raise CharacterFileError(f"the number {shown(digits)} does not fit into 64 bits")
    return value


def _decimal(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise CharacterFileError(f"the number {shown(digits)} is too large")
    return value


def shown(text: str) -> str:
    """Return a text of a stranger as a sentence may repeat it: short, on one line, in quotes."""
    return ascii(text if len(text) <= 60 else f"{text[:60]}...")
