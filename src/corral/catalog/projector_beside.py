"""Which projector a model of the folder gets: the one beside it, where there is no doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from corral.catalog.parts import without_part
from corral.catalog.projector import choose_projector
from corral.catalog.quant import without_tag


def projectors_beside(models: Iterable[Path], projectors: Iterable[Path]) -> dict[Path, Path]:
    """Return the projector of each model that has one in its own folder.

    That is one with the model's name, `mmproj-<name>`; else the folder's only one, if all its models are the
    same one in several quantizations: another model's projector would keep it from being loaded. A projector
    in several types counts as one, and the least rounded is taken.
    """
    models_of, projectors_of = _by_folder(models), _by_folder(projectors)
    found: dict[Path, Path] = {}
    for folder in models_of.keys() & projectors_of.keys():
        found |= _matched(models_of[folder], projectors_of[folder])
    return found


def _by_folder(paths: Iterable[Path]) -> dict[Path, dict[str, list[Path]]]:
    """Return paths by their folder, and there by the model's name."""
    grouped: dict[Path, dict[str, list[Path]]] = {}
    for path in paths:
        grouped.setdefault(path.parent, {}).setdefault(_family(path.name), []).append(path)
    return grouped


def _matched(
    models: Mapping[str, list[Path]], projectors: Mapping[str, list[Path]]
) -> Iterable[tuple[Path, Path]]:
    is_only = len(models) == len(projectors) == 1
    for family, paths in models.items():
        choices = projectors.get(family) or (next(iter(projectors.values())) if is_only else [])
        name = choose_projector(choice.name for choice in choices)
        if name is not None:
            yield from ((path, path.with_name(name)) for path in paths)


def _family(name: str) -> str:
    """Return what a model's files and its projector have in common in their names."""
    whole = without_tag(without_part(name)).lower()
    return whole.removeprefix("mmproj").strip("-._")
