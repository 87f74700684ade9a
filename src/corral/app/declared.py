"""Which models a server was told of: the one that its flags name, or all that files and folders declare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from corral.catalog.one_model import OneModel, is_bundled, name_of
from corral.core.errors import NotFoundError, SettingsError
from corral.core.model_definition import ModelDefinition
from corral.core.settings import RemoteSettings

if TYPE_CHECKING:
    from corral.catalog.catalogue import Catalogue, DefinitionSource
    from corral.core.settings import CatalogSettings, Settings

MODELS_DIR = Path("models")


def declared_models(settings: Settings) -> Catalogue | OneModel:
    """Return what the server serves, looked up now. Blocks.

    Flags that name one model and nothing that declares several: that one, as llama-server has it. Nothing at
    all: what lies in `models/`, else the model that comes with Corral.

    Raises:
        SettingsError: files cannot be read, or flags name a model that is not there.
    """
    declared = _declared(settings)
    _check_names(declared, settings)
    return declared


def _declared(settings: Settings) -> Catalogue | OneModel:
    catalog = settings.catalog
    folder = Path(catalog.models_dir) if catalog.models_dir is not None else None
    if folder is not None and not folder.is_dir():
        raise SettingsError(f"--models-dir: there is no folder {folder}")
    if folder is None and not _is_named(settings) and MODELS_DIR.is_dir():
        folder = MODELS_DIR
    if folder is None and not _is_declared(catalog):
        return OneModel(settings)
    from corral.catalog.catalogue import Catalogue  # noqa: PLC0415 - a lone model starts sooner without

    catalogue = Catalogue(settings, folder, _sources(settings))
    catalogue.rescan()
    is_empty = not any(entry.problem is None for entry in catalogue.entries.values())
    if is_empty and catalog.models_dir is None and not _is_declared(catalog):
        return OneModel(settings, complaints=_unusable(catalogue))
    return catalogue


def _check_names(declared: Catalogue | OneModel, settings: Settings) -> None:
    """Refuse what was misspelled at the start: later it would be missed by requests only."""
    catalog = settings.catalog
    if catalog.default is not None:
        _check_name("--default-model", catalog.default, declared)
    for name in catalog.preloaded:
        _check_name("--preload", name, declared)
    if _is_named(settings) and (problem := declared.find(name_of(settings)).problem):
        raise SettingsError(problem)


def _check_name(flag: str, name: str, declared: Catalogue | OneModel) -> None:
    try:
        entry = declared.find(name)
    except NotFoundError as error:
        raise SettingsError(f"{flag}: {error.message}") from None
    if declared.is_single and name not in (entry.name, *entry.aliases):
        raise SettingsError(
            f"{flag}: the only model here is '{entry.name}', not '{name}'; --models-dir and --config declare "
            "several"
        )


def _unusable(catalogue: Catalogue) -> tuple[str, ...]:
    """Return why nothing of what lies there is served: who put it there expects it."""
    return tuple(
        f"{name} in {MODELS_DIR} cannot be loaded: {entry.problem}"
        for name, entry in catalogue.entries.items()
    )


def are_devices_wanted(declared: Catalogue | OneModel) -> bool:
    """Tell whether a model is to lie on a device, so that the memory of devices counts."""
    if declared.is_single:  # which is loaded whatever it takes
        return False
    return any(entry.definition.settings.engine.device.n_gpu_layers for entry in declared.entries.values())


def with_first(settings: Settings) -> Settings:
    """Return the settings with the model that the flags name as the default, and loaded from the start."""
    if not _is_named(settings):
        return settings
    name, catalog = name_of(settings), settings.catalog
    default, preloaded = catalog.default or name, tuple(dict.fromkeys((name, *catalog.preloaded)))
    return msgspec.structs.replace(
        settings, catalog=msgspec.structs.replace(catalog, default=default, preloaded=preloaded)
    )


def _sources(settings: Settings) -> list[DefinitionSource]:
    from corral.catalog.pulled_source import PulledSource  # noqa: PLC0415 - as Catalogue
    from corral.config.definitions.sources import sources  # noqa: PLC0415

    found: list[DefinitionSource] = [*sources(settings), PulledSource(_here(settings))]
    return [_FlagsSource(settings), *found] if _is_named(settings) else found


def _here(settings: Settings) -> Settings:
    """Return how models that were found are run: here, whatever runs the one that the flags name."""
    return msgspec.structs.replace(settings, remote=RemoteSettings())


def _is_named(settings: Settings) -> bool:
    return not is_bundled(settings)


def _is_declared(catalog: CatalogSettings) -> bool:
    return any((catalog.models_dir, catalog.definitions_file, catalog.preset_file, catalog.config_file))


class _FlagsSource:
    """The model that the command line names, among others. It never changes."""

    paths: tuple[Path, ...] = ()

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self) -> list[ModelDefinition]:
        """Return it."""
        return [OneModel(self._settings).definition]
