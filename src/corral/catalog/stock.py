"""Taking stock: from what is declared and what lies in the folder to the entries of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from corral.catalog.contents import Contents, ContentsReader
from corral.catalog.entry import DOWNLOAD, REMOTE, ModelEntry
from corral.catalog.folder_scan import FolderScan, Found
from corral.catalog.locating import LocalFinder, is_download, located, places
from corral.catalog.projector_beside import projectors_beside
from corral.catalog.source import ModelSource
from corral.core.errors import ModelLoadError
from corral.core.model_definition import ModelDefinition
from corral.core.settings import RemoteSettings, Settings


class InFolder(msgspec.Struct, frozen=True):
    """The models of the folder with their contents, and how to recognise one by any path that leads to it."""

    scan: FolderScan = FolderScan()
    contents: Mapping[PurePosixPath, Contents] = {}
    models: tuple[Found, ...] = ()
    projectors: Mapping[Path, Path] = {}
    by_key: Mapping[Path, Found] = {}

    def at(self, path: Path) -> Found | None:
        """Return the model of which this is the (first) file or the folder."""
        try:
            return self.by_key.get(file_key(path)) or self.by_key.get(path.resolve())
        except (OSError, ValueError, RuntimeError):  # a NUL in it; links in a circle
            return None


def look_into(scan: FolderScan, reader: ContentsReader, before: InFolder) -> InFolder:
    """Return what the models that lie in the folder are; adapters and the like are left out.

    That is `before` itself if nothing is new.
    """
    contents = {found.relative: reader.read(found.path) for found in scan.models}
    if (scan, contents) == (before.scan, before.contents):
        return before
    models = tuple(found for found in scan.models if contents[found.relative].is_model)
    files = [found.path for found in models if not found.is_folder]
    real = {folder: folder.resolve() for folder in {found.path.parent for found in models}}
    return InFolder(
        scan=scan,
        contents=contents,
        models=models,
        projectors=projectors_beside(files, scan.projectors),
        by_key={_key(found, real): found for found in models},
    )


def _key(found: Found, real: Mapping[Path, Path]) -> Path:
    return found.path.resolve() if found.is_folder else real[found.path.parent] / found.path.name


def file_key(path: Path) -> Path:
    """Return the one absolute path of a file: links to folders are followed, one that is its name is not.

    Raises ValueError for a NUL in it, RuntimeError where links lead in a circle.
    """
    return path.parent.resolve() / path.name


def found_entry(name: str, found: Found, folder: InFolder, base: Settings) -> ModelEntry:
    """Return the entry of a model that nobody declared: everything as `base` has it, but for the files."""
    contents, projector = folder.contents[found.relative], folder.projectors.get(found.path)
    wanted = projector if base.model.is_projector_wanted else None
    model = msgspec.structs.replace(
        base.model,
        **_NO_MODEL,
        path=str(found.path),
        projector_path=str(wanted) if wanted else None,
    )
    settings = msgspec.structs.replace(base, model=model, remote=RemoteSettings())
    definition = ModelDefinition(name=name, settings=settings, origin=str(found.path))
    return _entry(definition, found.path, contents, wanted)


# What `base` may say of one model, and no other is meant by.
_NO_MODEL: dict[str, tuple[()] | None] = {
    "aliases": (),
    "tags": (),
    "url": None,
    "hf_repo": None,
    "hf_file": None,
    "docker_repo": None,
    "projector_url": None,
}


class Declarations:
    """Makes the entries of declared models."""

    def __init__(
        self, models_dir: Path | None, folder: InFolder, reader: ContentsReader, find: LocalFinder
    ) -> None:
        self._models_dir = models_dir
        self._folder = folder
        self._reader = reader
        self._find = find

    def entry(self, definition: ModelDefinition) -> ModelEntry:
        """Return the entry. Never raises: what is wrong with it is its problem."""
        if definition.settings.remote.base_url:
            return ModelEntry(definition, REMOTE)
        definition = self._with_files(definition)
        model = definition.settings.model
        if model.path and not is_download(model):
            return self._of_path(definition, Path(model.path))
        try:
            source = self._find(model)
        except ModelLoadError as error:
            is_lost = model.is_offline or not is_download(model)
            return _other_runner(ModelEntry(definition, DOWNLOAD, problem=error.message if is_lost else None))
        return self._of_source(definition, source)

    def _with_files(self, definition: ModelDefinition) -> ModelDefinition:
        """Return the definition with the paths of what is here, and with the projector beside the model."""
        settings = definition.settings
        model = located(settings.model, self._models_dir)
        is_open = model.is_projector_wanted and not (model.projector_path or model.projector_url)
        if model.path and is_open and not is_download(model):
            found = self._folder.at(Path(model.path))
            projector = self._folder.projectors.get(found.path) if found else None
            model = msgspec.structs.replace(model, projector_path=str(projector) if projector else None)
        return msgspec.structs.replace(definition, settings=msgspec.structs.replace(settings, model=model))

    def _of_path(self, definition: ModelDefinition, path: Path) -> ModelEntry:
        if not _exists(path):
            return _other_runner(self._lost(definition))
        model = definition.settings.model
        is_local = model.is_projector_wanted and model.projector_path and not model.projector_url
        projector = Path(model.projector_path) if is_local and model.projector_path else None
        entry = _entry(definition, path, self._reader.read(path), projector)
        return _other_runner(entry)

    def _of_source(self, definition: ModelDefinition, source: ModelSource) -> ModelEntry:
        entry = _entry(definition, source.path, self._reader.read(source.path), source.projector)
        return _other_runner(entry)

    def _lost(self, definition: ModelDefinition) -> ModelEntry:
        path = definition.settings.model.path or ""
        looked = ", ".join(str(place) for place in places(path, self._models_dir))
        kind = "gptq" if definition.runner == "exllama" else "gguf"
        return ModelEntry(definition, kind, problem=f"there is no model {path} (looked for {looked})")


def _entry(definition: ModelDefinition, path: Path, contents: Contents, projector: Path | None) -> ModelEntry:
    problem = contents.problem
    if problem is None and projector is not None and not _exists(projector):
        problem = f"the projector {projector} is missing"
    return ModelEntry(
        definition=definition,
        format=contents.format,
        path=path,
        n_bytes=contents.n_bytes,
        header=contents.header,
        problem=problem,
        projector=projector,
        modified_ns=contents.modified_ns,
        folder=contents.folder,
    )


def _other_runner(entry: ModelEntry) -> ModelEntry:
    """Return the entry with the problem that its runner is one that this Corral does not have."""
    runner = entry.definition.runner
    if runner == "llama":
        return entry
    reason = f"it is declared for the runner '{runner}', which this Corral does not have"
    problem = "\n".join(filter(None, (entry.problem, reason)))
    return msgspec.structs.replace(entry, problem=problem)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
