"""What the definitions files say: their last good content, and who has a name that two of them want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from corral.core import log
from corral.core.errors import SettingsError
from corral.core.model_definition import ModelDefinition

_Signature = tuple[int, int, int] | None

_log = log.get("catalog")


class DefinitionSource(Protocol):
    """A file that declares models, and whatever else it is made of."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files whose change asks for a new read."""
        ...

    def read(self) -> list[ModelDefinition]:
        """Return its models. Raises SettingsError."""
        ...


@runtime_checkable
class Replacing(Protocol):
    """A source that gives further names to models which others declare, or which lie in the folder."""

    replacements: Mapping[str, str]
    """Alias -> name, as of the last read that went well."""


class LastGood:
    """What a source said when it could be read last.

    `complaint` is what is wrong with it now, None if nothing is.
    """

    def __init__(self, source: DefinitionSource) -> None:
        self.definitions: Sequence[ModelDefinition] = ()
        self.complaint: str | None = None
        self._source = source
        self._signatures: dict[Path, _Signature] | None = None

    @property
    def replacements(self) -> Mapping[str, str]:
        """Further names of models that are not its own."""
        return self._source.replacements if isinstance(self._source, Replacing) else {}

    def refresh(self) -> None:
        """Read the source again if its files changed.

        Raises SettingsError only if it could never be read: then there is nothing to keep.
        """
        # Taken before the read: what is written meanwhile differs from it, and is read the next time.
        seen = {path: _signature(path) for path in self._source.paths}
        if self._signatures is not None and seen == self._signatures:
            return
        try:
            self.definitions = tuple(self._source.read())
        except SettingsError as error:
            if self._signatures is None:
                raise
            self._keep(error.message)
        else:
            self._accept()
        self._signatures = {path: seen.get(path, _signature(path)) for path in self._source.paths}

    def _accept(self) -> None:
        if self.complaint is not None:
            _log.info("models.definitions_mended", paths=_shown(self._source))
        self.complaint = None

    def _keep(self, reason: str) -> None:
        """Complain, once for each reason."""
        if self.complaint != reason:
            _log.warning("models.definitions_kept", paths=_shown(self._source), reason=reason)
        self.complaint = reason


class Declared(msgspec.Struct, frozen=True):
    """Models by name, in the order in which they were declared; aliases that mean one of them each.

    `replacements` are aliases of whatever model is called so, declared or not.
    """

    definitions: dict[str, ModelDefinition]
    aliases: dict[str, str]
    complaints: tuple[str, ...] = ()
    replacements: Mapping[str, str] = {}


def settle(definitions: Sequence[ModelDefinition], complaints: Sequence[str] = ()) -> Declared:
    """Return who has which name: the first that is declared with it, and a name goes before an alias.

    What is wrong comes after the `complaints` that there are already.
    """
    complaints = [*complaints]
    kept: dict[str, ModelDefinition] = {}
    for definition in definitions:
        first = kept.setdefault(definition.name, definition)
        if first is not definition:
            where = _places(first, definition)
            complaints.append(f"the model '{definition.name}' is declared twice{where}: the first counts")
    aliases: dict[str, str] = {}
    for definition in kept.values():
        for alias in definition.names[1:]:
            owner = alias if alias in kept else aliases.setdefault(alias, definition.name)
            if owner != definition.name:
                complaints.append(
                    f"'{alias}' is an alias of '{definition.name}' and means '{owner}': that one keeps it"
                )
    return Declared(kept, aliases, tuple(complaints))


def _places(first: ModelDefinition, second: ModelDefinition) -> str:
    places = [definition.origin for definition in (first, second) if definition.origin]
    return f", in {' and '.join(places)}" if places else ""


def _shown(source: DefinitionSource) -> str:
    return ", ".join(map(str, source.paths))


def _signature(path: Path) -> _Signature:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
