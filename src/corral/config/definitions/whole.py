"""From what a declaration says to the whole settings of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from corral.config import coherence, escapes
from corral.config.definitions.blame import blame
from corral.config.definitions.entry import Entry
from corral.config.definitions.places import Places
from corral.config.fill import filled
from corral.core import log
from corral.core.errors import SettingsError
from corral.core.model_definition import ModelDefinition
from corral.core.settings import ModelSettings, RemoteSettings, Settings

_log = log.get("config.definitions")

_MAX_NAME = 256


@dataclass(frozen=True)
class Ground:
    """What all declared models stand on: `base`, what the server was told, and where files are looked for."""

    base: Settings
    places: Places

    @classmethod
    def of(cls, settings: Settings) -> Ground:
        """Return the ground of a server's settings: a model named by flags is none of the declared ones."""
        return cls(_unnamed(settings), Places(settings.catalog.models_dir))

    def definitions(self, entries: Mapping[str, Entry], origin: str) -> list[ModelDefinition]:
        """Return the models of one file, in its order.

        Raises:
            SettingsError: options of one contradict each other, or a name means two models.
        """
        found = []
        for name, entry in entries.items():
            with blame(f'{origin}, model "{name}": '):
                found.append(self._definition(name, entry, origin))
        with blame(f"{origin}: "):
            _check_names(found)
        return found

    def _definition(self, name: str, entry: Entry, origin: str) -> ModelDefinition:
        _check_name(name)
        for remark in entry.remarks:
            _log.warning("definition.remark", origin=origin, model=name, remark=remark)
        values = escapes.processed_values(entry.values, is_on=self.base.generation.has_escapes)
        settings = filled(self.base, values)
        if settings.remote.base_url is None:
            model = self.places.settle(name, settings.model)
            settings = msgspec.structs.replace(settings, model=model)
        coherence.check(settings)
        return ModelDefinition(
            name=name, settings=settings, aliases=entry.aliases, runner=entry.runner, origin=origin
        )


def _unnamed(settings: Settings) -> Settings:
    """Return `settings` without their model. A key for one server must not reach another either."""
    model, remote = settings.model, settings.remote
    return msgspec.structs.replace(
        settings,
        model=ModelSettings(
            cache_dir=model.cache_dir,
            hf_token=model.hf_token,
            is_offline=model.is_offline,
            is_projector_wanted=model.is_projector_wanted,
        ),
        remote=RemoteSettings(timeout_s=remote.timeout_s),
    )


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise SettingsError(f"a name of 1 to {_MAX_NAME} printable characters is needed")


def _check_names(definitions: list[ModelDefinition]) -> None:
    meant: dict[str, str] = {}
    for definition in definitions:
        for name in definition.names:
            other = meant.setdefault(name, definition.name)
            if other != definition.name:
                raise SettingsError(f'the name "{name}" means two models: {other} and {definition.name}')
