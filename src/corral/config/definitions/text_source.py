"""A file of text that declares models, whatever its form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from corral.config.definitions.blame import blame
from corral.config.definitions.entry import Entry
from corral.config.definitions.whole import Ground
from corral.config.given import ReadFile
from corral.core.errors import SettingsError
from corral.core.model_definition import ModelDefinition

Parse: TypeAlias = Callable[[str, ReadFile], Mapping[str, Entry]]
"""Returns the models that a text declares. Raises SettingsError."""


@dataclass(frozen=True)
class TextSource:
    """Reads the models of one file. `where` stands before what `parse` complains of."""

    path: Path
    ground: Ground
    read_file: ReadFile
    parse: Parse
    where: str = ""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file whose change asks for a new read."""
        return (self.path,)

    def read(self) -> list[ModelDefinition]:
        """Return the models. Raises SettingsError."""
        try:
            text = self.read_file(str(self.path))
        except (OSError, ValueError) as error:  # ValueError: no text
            raise SettingsError(f"cannot read {self.path}: {error}") from error
        with blame(self.where):
            entries = self.parse(text, self.read_file)
        return self.ground.definitions(entries, str(self.path))
