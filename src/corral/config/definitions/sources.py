"""The files that declare models to this server."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from corral.config.definitions.preset_file import preset_source
from corral.config.definitions.python_file import PythonSource
from corral.config.definitions.text_source import TextSource
from corral.config.definitions.whole import Ground
from corral.config.definitions.yaml_models import yaml_source
from corral.config.given import ReadFile
from corral.core.settings import Settings

Source: TypeAlias = TextSource | PythonSource
"""Has `paths`, and `read()`, which raises SettingsError."""


def sources(settings: Settings, read_file: ReadFile | None = None) -> list[Source]:
    """Return a source for each file that `settings` names; none is read yet.

    `settings` are the server's, as `parse` gave them. What they say is what a model is served with unless its
    declaration says otherwise, but for where the model comes from.
    """
    read = read_file or _read_file
    ground = Ground.of(settings)
    catalog = settings.catalog
    found: list[Source] = []
    if catalog.config_file:
        found.append(yaml_source(Path(catalog.config_file), ground, read))
    if catalog.definitions_file:
        found.append(PythonSource(Path(catalog.definitions_file), ground, read))
    if catalog.preset_file:
        found.append(preset_source(Path(catalog.preset_file), ground, read))
    return found


def _read_file(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
