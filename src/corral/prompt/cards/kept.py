"""What a card says that our types do not, kept beside them so that writing gives it back.

An object is read, and what writing it again would lack or say otherwise is its remainder. On the way out the
remainder is laid over what is written, wherever the object is still read as what is to be written: an edit
made in between wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from corral.core.errors import CharacterFileError

Raw = dict[str, Any]
EXTENSIONS = "extensions"
OWN = "corral"
"""Our place in the extensions of a card, of its lorebook and of each entry."""


def remainder(raw: Raw, written: Raw) -> Raw:
    """Return what `raw` says and `written` does not; within `extensions` key by key."""
    found: Raw = {}
    for key, value in raw.items():
        if key == EXTENSIONS and isinstance(value, dict) and isinstance(written.get(key), dict):
            inner = remainder(value, written[key])
            if inner:
                found[key] = inner
        elif key not in written or written[key] != value:
            found[key] = value
    return found


def restored(written: Raw, kept: Raw, is_same: Callable[[Raw], bool]) -> Raw:
    """Return `written` with as much of a remainder as leaves its meaning the same."""
    whole = written
    for path, value in _parts(kept):
        whole = _with(whole, path, value)
    if _is_read(whole, is_same):
        return whole
    for path, value in _parts(kept):
        candidate = _with(written, path, value)
        written = candidate if _is_read(candidate, is_same) else written
    return written


def own_fields(plain: msgspec.Struct, meant: msgspec.Struct, without: tuple[str, ...]) -> Raw:
    """Return the fields of `meant` that the format has no words for: it is read back as `plain`."""
    found: Raw = {}
    for name in meant.__struct_fields__:
        said, wanted = (msgspec.to_builtins(getattr(each, name)) for each in (plain, meant))
        if name not in without and said != wanted:
            is_nested = isinstance(said, dict) and isinstance(wanted, dict)
            found[name] = remainder(wanted, said) if is_nested else wanted
    return found


def _parts(kept: Raw) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in kept.items():
        if key == EXTENSIONS and isinstance(value, dict):
            yield from (((key, inner), item) for inner, item in value.items())
        else:
            yield (key,), value


def _with(written: Raw, path: tuple[str, ...], value: object) -> Raw:
    if len(path) == 1:
        return {**written, path[0]: value}
    return {**written, path[0]: {**written[path[0]], path[1]: value}}


def _is_read(candidate: Raw, is_same: Callable[[Raw], bool]) -> bool:
    try:
        return is_same(candidate)
    except CharacterFileError:
        return False
