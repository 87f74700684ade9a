"""The key-value pairs of a GGUF header: small values are kept, vocabularies only counted."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from corral.catalog.gguf_cursor import Cursor
from corral.core.errors import ModelLoadError

MAX_PAIRS = 4096  # models have about thirty
MAX_KEY_BYTES = 1024
MAX_TEXT_BYTES = 1024
MAX_TEMPLATE_BYTES = 1024**2  # what the engine takes
MAX_LIST = 512  # one number for each layer is the longest list of use; llama.cpp takes no more layers

TEMPLATE_KEY = "tokenizer.chat_template"
ALIGNMENT_KEY = "general.alignment"

# enum gguf_type, gguf.h
_NUMBERS = {
    0: struct.Struct("<B"),
    1: struct.Struct("<b"),
    2: struct.Struct("<H"),
    3: struct.Struct("<h"),
    4: struct.Struct("<I"),
    5: struct.Struct("<i"),
    6: struct.Struct("<f"),
    7: struct.Struct("<?"),
    10: struct.Struct("<Q"),
    11: struct.Struct("<q"),
    12: struct.Struct("<d"),
}
_STRING, _ARRAY = 8, 9
_SHORTEST_PAIR = 8 + 1 + 4 + 1

Number = int | float | bool


@dataclass(frozen=True, slots=True)
class Unread:
    """A value too long to keep: a list of `n` elements, or a string of `n` bytes."""

    n: int


Value = Number | str | tuple[Number, ...] | Unread


def read_pairs(cursor: Cursor, n: int) -> dict[str, Value]:
    """Return the next `n` pairs. Raises `ModelLoadError`."""
    if n * _SHORTEST_PAIR > cursor.n_left or n > MAX_PAIRS:
        raise cursor.fault(f"it claims {n:,} key-value pairs, more than it can hold or any model has")
    pairs: dict[str, Value] = {}
    for _ in range(n):
        key = cursor.text(MAX_KEY_BYTES, "a key")
        if not key or key in pairs:
            raise cursor.fault(f"the key {key!r} comes twice" if key else "it has a key without a name")
        pairs[key] = _value(cursor, key)
    return pairs


def _value(cursor: Cursor, key: str) -> Value:
    code = cursor.u32()
    if code == _ARRAY:
        return _list(cursor, key)
    if code == _STRING:
        return _text(cursor, key)
    return _numbers(cursor, key, code, 1)[0]


def _list(cursor: Cursor, key: str) -> Value:
    code, n = cursor.u32(), cursor.u64()
    if code == _STRING:
        if n * 8 > cursor.n_left:
            raise _too_long(cursor, key, n)
        cursor.skip_texts(n)
        return Unread(n)
    if n <= MAX_LIST:
        return _numbers(cursor, key, code, n)
    n_bytes = n * _number(cursor, key, code).size
    if n_bytes > cursor.n_left:
        raise _too_long(cursor, key, n)
    cursor.skip(n_bytes)
    return Unread(n)


def _text(cursor: Cursor, key: str) -> Value:
    n_max = MAX_TEMPLATE_BYTES if key == TEMPLATE_KEY else MAX_TEXT_BYTES
    n = cursor.u64()
    if n > cursor.n_left:
        raise _too_long(cursor, key, n)
    if n <= n_max:
        return cursor.take(n).decode("utf-8", "replace")
    cursor.skip(n)
    return Unread(n)


def _numbers(cursor: Cursor, key: str, code: int, n: int) -> tuple[Number, ...]:
    kind = _number(cursor, key, code)
    return tuple(value for (value,) in kind.iter_unpack(cursor.take(n * kind.size)))


def _number(cursor: Cursor, key: str, code: int) -> struct.Struct:
    kind = _NUMBERS.get(code)
    if kind is None:
        raise cursor.fault(f"the value of {key!r} has the unknown type {code}")
    return kind


def _too_long(cursor: Cursor, key: str, n: int) -> ModelLoadError:
    return cursor.fault(f"the value of {key!r} is {n:,} long, and the file ends in {cursor.n_left:,} bytes")
