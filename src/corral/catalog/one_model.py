"""A server of one model, named by flags: whatever name a request gives, that model is meant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from corral.catalog.entry import DOWNLOAD, REMOTE, ModelEntry
from corral.catalog.model_files import ListedFile, shown_folder
from corral.catalog.source import is_named, model_name
from corral.core.errors import NotFoundError, NotSupportedError
from corral.core.model_definition import ModelDefinition
from corral.core.settings import Settings


class OneModel:
    """A catalogue of the model that `settings` name; of the bundled one if they name none."""

    is_single = True

    def __init__(self, settings: Settings, *, complaints: tuple[str, ...] = ()) -> None:
        self.complaints = complaints  # why it is this one and no other
        self._entry = _entry(settings)
        self.entries: Mapping[str, ModelEntry] = {self._entry.definition.name: self._entry}

    @property
    def definition(self) -> ModelDefinition:
        """How it is declared: by the settings themselves."""
        return self._entry.definition

    def find(self, _name: str) -> ModelEntry:
        """Return the model."""
        return self._entry

    def files(self) -> list[ListedFile]:
        """Return the model's file, if it is here."""
        path = self._entry.path
        return [] if path is None else [ListedFile(path.name, shown_folder(path.parent), self._entry.name)]

    def find_file(self, model_file: str, folder: str) -> ModelEntry:
        """Return the model if this is its file. Raises NotFoundError."""
        path = self._entry.path
        if path is None or Path(folder, model_file).resolve() != path.resolve():
            raise NotFoundError(f"This server serves one model, and {model_file} is not its file")
        return self._entry

    def removable(self, _entry: ModelEntry) -> list[Path]:
        """Refuse: it was named by whoever started the server."""
        raise NotSupportedError("This server serves one model, which was named when it was started")

    def rescan(self) -> bool:
        """Change nothing: what was named by flags stays."""
        return False


def is_bundled(settings: Settings) -> bool:
    """Tell whether they name no model, so that the one that comes with Corral is meant."""
    return not (is_named(settings.model) or settings.remote.base_url)


def name_of(settings: Settings) -> str:
    """Return the name in the API: the alias, else the model as it was named.

    A remote one may be named by nothing but its server's address.
    """
    model, remote = settings.model, settings.remote
    if remote.base_url:
        return model.alias or remote.model or remote.base_url
    return model_name(model)


def _entry(settings: Settings) -> ModelEntry:
    model = settings.model
    if settings.remote.base_url:
        return ModelEntry(_definition(settings), REMOTE, aliases=model.aliases)
    is_here = model.path is not None and Path(model.path).is_file()
    path = Path(model.path) if model.path is not None and is_here else None
    return ModelEntry(
        definition=_definition(settings),
        format="gguf" if is_here or is_bundled(settings) else DOWNLOAD,
        path=path,
        n_bytes=path.stat().st_size if path is not None else 0,
        aliases=model.aliases,
    )


def _definition(settings: Settings) -> ModelDefinition:
    return ModelDefinition(name=name_of(settings), settings=settings, origin="command line")
