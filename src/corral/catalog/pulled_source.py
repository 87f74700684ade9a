"""What was downloaded to this machine, as declared models."""

from __future__ import annotations

from pathlib import Path

import msgspec

from corral.catalog.entry import ModelEntry
from corral.catalog.pulled import PulledModel, pulled_models
from corral.core.model_definition import ModelDefinition
from corral.core.settings import Settings

ORIGIN = "downloaded"


def is_downloaded(entry: ModelEntry) -> bool:
    """Tell whether the model is one of a cache, which this or another program filled from the network."""
    return entry.definition.origin == ORIGIN


class PulledSource:
    """A `DefinitionSource` of every model in the caches. `base` is how they are run."""

    def __init__(self, base: Settings, hub_folder: Path | None = None) -> None:
        self._base = base
        self._hub_folder = hub_folder

    @property
    def paths(self) -> tuple[Path, ...]:
        """The folders that change when a download ends."""
        hub = self._hub_folder or _hub_folder()
        repos = sorted(hub.glob("models--*/snapshots/*")) if hub.is_dir() else []
        return (self._cache_dir, hub, *repos)

    def read(self) -> list[ModelDefinition]:
        """Return what is there now."""
        return [self._definition(model) for model in pulled_models(self._cache_dir, self._hub_folder)]

    @property
    def _cache_dir(self) -> Path:
        return Path(self._base.model.cache_dir or ".")

    def _definition(self, model: PulledModel) -> ModelDefinition:
        kept = self._base.model
        settings = msgspec.structs.replace(
            model.settings,
            aliases=(),
            cache_dir=kept.cache_dir,
            is_offline=kept.is_offline,
            is_projector_wanted=kept.is_projector_wanted,
        )
        return ModelDefinition(
            name=model.name,
            settings=msgspec.structs.replace(self._base, model=settings),
            aliases=model.aliases,
            origin=ORIGIN,
        )


def _hub_folder() -> Path:
    from huggingface_hub.constants import HF_HUB_CACHE  # noqa: PLC0415 - only where models are looked up

    return Path(HF_HUB_CACHE)
