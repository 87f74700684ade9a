"""From options as they were given to the fields of `Settings`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from corral.config.given import Given
from corral.config.kinds import Value
from corral.config.structure_kinds import appended
from corral.core.structure import Structure

_Struct = TypeVar("_Struct", bound=msgspec.Struct)


def merged(given: Iterable[Given]) -> dict[str, Value]:
    """Return the value of each dotted field. The last one wins; what is repeatable adds up."""
    values: dict[str, Value] = {}
    for one in given:
        field = one.option.fills
        if field is not None:
            is_added = one.option.is_repeatable and field in values
            values[field] = _joined(values[field], one.value) if is_added else one.value
    return values


def filled(struct: _Struct, values: Mapping[str, Value]) -> _Struct:
    """Return `struct` with each dotted field replaced."""
    changes: dict[str, object] = {}
    inner: dict[str, dict[str, Value]] = {}
    for path, value in values.items():
        head, _, rest = path.partition(".")
        if rest:
            inner.setdefault(head, {})[rest] = value
        else:
            changes[head] = value
    for head, fields in inner.items():
        changes[head] = filled(getattr(struct, head), fields)
    return msgspec.structs.replace(struct, **changes)


def _joined(earlier: Value, later: Value) -> Value:
    if isinstance(earlier, Structure) and isinstance(later, Structure):
        return appended(earlier, later)
    match earlier, later:
        case tuple(), tuple():
            return earlier + later
        case dict(), dict():
            return earlier | later
    assert isinstance(earlier or "", str), "a repeatable option reads tuples, objects or texts"
    return f"{earlier or ''}{later or ''}"
