"""A file of model definitions in Python, as llama-api has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from corral.config.definitions import python_models
from corral.config.definitions.blame import blame
from corral.config.definitions.child import Answer, Defined, evaluate
from corral.config.definitions.entry import Entry
from corral.config.definitions.whole import Ground
from corral.config.given import ReadFile
from corral.core.model_definition import ModelDefinition

Evaluate: TypeAlias = Callable[[Path], Answer]
"""Runs a file and returns what it defines. Raises SettingsError."""


@dataclass
class PythonSource:
    """Reads the models of one Python file, which is run in a process of its own.

    `replacements` are further names of models that are not in this file, as of the last read.
    """

    path: Path
    ground: Ground
    read_file: ReadFile
    evaluate: Evaluate = evaluate
    replacements: Mapping[str, str] = field(default_factory=dict, init=False)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The file whose change asks for a new read."""
        return (self.path,)

    def read(self) -> list[ModelDefinition]:
        """Return the models. Raises SettingsError."""
        answer = self.evaluate(self.path)
        entries = dict(self._entry(model) for model in answer.models)
        elsewhere = _replace(entries, answer.replacements)
        definitions = self.ground.definitions(entries, str(self.path))
        self.replacements = elsewhere
        return definitions

    def _entry(self, model: Defined) -> tuple[str, Entry]:
        name, *others = model.names
        with blame(f'{self.path}, line {model.line}, model "{name}": '):
            said = python_models.entry(model.kind, model.arguments, self.read_file)
        return name, replace(said, aliases=(*said.aliases, *others))


def _replace(entries: dict[str, Entry], replacements: Mapping[str, str]) -> dict[str, str]:
    """Give models the further names that stand for them; return those of models that are not among them."""
    names = {each: name for name, entry in entries.items() for each in (name, *entry.aliases)}
    elsewhere = {}
    for alias, wanted in replacements.items():
        name = names.get(wanted)
        if name is None:
            elsewhere[alias] = wanted
        elif alias != name:
            entries[name] = replace(entries[name], aliases=(*entries[name].aliases, alias))
    return elsewhere
