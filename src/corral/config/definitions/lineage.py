"""Which presets a declaration inherits, directly and through others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from corral.config.options import nearest
from corral.core.errors import SettingsError

_MAX_DEPTH = 50


def lineage(inherited: Iterable[str], presets: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the presets that count, weakest first: each after what it inherits, the last named last.

    `presets` gives what each preset inherits. Raises SettingsError for an unknown one and for a circle.
    """
    ordered: dict[str, None] = {}
    for name in inherited:
        _visit(name, presets, (), ordered)
    return list(ordered)


def _visit(
    name: str, presets: Mapping[str, tuple[str, ...]], path: tuple[str, ...], ordered: dict[str, None]
) -> None:
    if name in path:
        circle = " -> ".join((*path[path.index(name) :], name))
        raise SettingsError(f"presets inherit in a circle: {circle}")
    if name not in presets:
        unknown = f'there is no preset "{name}"'
        raise SettingsError("; ".join(filter(None, [unknown, nearest(name, presets)])))
    if len(path) == _MAX_DEPTH:
        raise SettingsError(f"presets inherit through more than {_MAX_DEPTH} others")
    if name in ordered:
        return
    for parent in presets[name]:
        _visit(parent, presets, (*path, name), ordered)
    ordered[name] = None
