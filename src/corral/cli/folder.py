"""The models that `corral serve` would serve here, as they are known without a server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from corral.app.declared import declared_models
from corral.catalog.entry import ModelEntry
from corral.core.errors import NotFoundError
from corral.core.settings import Settings


def entries_here(settings: Settings) -> Mapping[str, ModelEntry]:
    """Return the models by their names. Blocks. Raises SettingsError."""
    return declared_models(settings).entries


def removable_here(name: str, settings: Settings) -> list[Path]:
    """Return what to remove for the model to be gone. Raises NotFoundError, NotSupportedError."""
    declared = declared_models(settings)
    return declared.removable(declared.find(name))


def entry_here(name: str, settings: Settings) -> ModelEntry:
    """Return the model of this name. Raises NotFoundError, SettingsError."""
    declared = declared_models(settings)
    if declared.is_single and name not in declared.entries:  # which takes any name for its own
        raise NotFoundError(f"There is no model {name!r} here; there is {', '.join(declared.entries)}")
    return declared.find(name)
