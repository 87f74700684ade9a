"""The catalogue as it stood after one look: never changed, only replaced."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import msgspec

from corral.catalog.declared import Declared
from corral.catalog.entry import ModelEntry
from corral.catalog.folder_scan import Found
from corral.catalog.name_index import NameIndex, index
from corral.catalog.naming import choose_names, further_names
from corral.catalog.stock import InFolder, found_entry
from corral.core.errors import NotFoundError
from corral.core.settings import Settings


class Shelf(msgspec.Struct, frozen=True):
    """`entries` by name, in order. `given`: the names of what lies in the folder, by relative path.

    `files`: what lies in the models folder, and the name of its entry, by its absolute path without links.
    """

    entries: Mapping[str, ModelEntry] = MappingProxyType({})
    names: NameIndex = NameIndex({}, {}, {})
    files: Mapping[Path, tuple[Found, str]] = MappingProxyType({})
    given: Mapping[PurePosixPath, str] = MappingProxyType({})
    complaints: tuple[str, ...] = ()


def fill(
    declared: Declared,
    entries: Mapping[str, ModelEntry],
    folder: InFolder,
    *,
    base: Settings,
    given: Mapping[PurePosixPath, str],
) -> Shelf:
    """Return what is there now: the `entries` of the declared models, and those of others in the folder.

    Names that were `given` before stay, see `naming`.
    """
    entries = {**entries}
    owners = _owners(entries.values(), folder)
    taken = {*entries, *declared.aliases}
    given = choose_names(folder.models, taken=taken, given=given)
    for found in folder.models:
        name = given[found.relative]
        if owners.setdefault(found.relative, name) == name:
            entries[name] = found_entry(name, found, folder, base)
    weak = _weak_names(folder.models, given, owners)
    further, complaints = _further(declared.replacements, index(entries, declared.aliases, weak))
    aliases = {**declared.aliases, **further}
    return Shelf(
        entries=MappingProxyType(_in_order(entries, aliases)),
        names=index(entries, aliases, weak),
        files={key: (found, owners[found.relative]) for key, found in folder.by_key.items()},
        given=given,
        complaints=(*declared.complaints, *complaints),
    )


def _further(replacements: Mapping[str, str], names: NameIndex) -> tuple[dict[str, str], list[str]]:
    """Return the replacements by the names of entries, and what is wrong with the others."""
    further, complaints = {}, []
    for alias, wanted in replacements.items():
        try:
            name = names.resolve(wanted)
        except NotFoundError as error:
            complaints.append(f"'{alias}' is to stand for '{wanted}'. {error.message}")
            continue
        owner = names.exact.get(alias, name)
        if owner != name:
            complaints.append(f"'{alias}' is to stand for '{wanted}' and means '{owner}': that one keeps it")
        elif alias != name:
            further[alias] = name
    return further, complaints


def _owners(entries: Collection[ModelEntry], folder: InFolder) -> dict[PurePosixPath, str]:
    """Return by relative path which declared model has a file of the folder: the first that names it."""
    owners: dict[PurePosixPath, str] = {}
    for entry in entries:
        found = folder.at(entry.path) if entry.path is not None else None
        if found is not None:
            owners.setdefault(found.relative, entry.name)
    return owners


def _weak_names(
    models: Sequence[Found], given: Mapping[PurePosixPath, str], owners: Mapping[PurePosixPath, str]
) -> dict[str, list[str]]:
    """Return by the names of entries what else their files are called."""
    weak: dict[str, list[str]] = {}
    for relative, names in further_names(models).items():
        weak.setdefault(owners[relative], []).extend((given[relative], *names))
    return weak


def _in_order(entries: Mapping[str, ModelEntry], aliases: Mapping[str, str]) -> dict[str, ModelEntry]:
    """Return the entries in order, each with the declared aliases that mean it."""
    own: dict[str, list[str]] = {name: [] for name in entries}
    for alias, name in aliases.items():
        own[name].append(alias)
    return {
        name: msgspec.structs.replace(entries[name], aliases=tuple(own[name])) for name in sorted(entries)
    }
