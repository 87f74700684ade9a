"""Which models there are: declared in files, lying in the models folder, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from corral.catalog.contents import ContentsReader, HeaderReader
from corral.catalog.declared import Declared, DefinitionSource, LastGood, settle
from corral.catalog.entry import ModelEntry
from corral.catalog.folder_scan import FolderScan, scan
from corral.catalog.gguf_header import read_header
from corral.catalog.locating import LocalFinder, find_here
from corral.catalog.model_files import ListedFile, inside, own_files, shown_folder
from corral.catalog.parts import first_part
from corral.catalog.pulled_source import is_downloaded
from corral.catalog.shelf import Shelf, fill
from corral.catalog.stock import Declarations, InFolder, file_key, look_into
from corral.catalog.weights_folder import missing_files
from corral.core import log
from corral.core.errors import NotFoundError, NotSupportedError
from corral.core.settings import Settings

__all__ = ["Catalogue", "DefinitionSource"]

_NO_FILE = "there is no such file in the models folder"

_log = log.get("catalog")


class Catalogue:
    """All models that requests may name; empty until the first `rescan`.

    `base` is how models that are only found are run. `models_dir` None: there is no such folder.

    One `rescan` at a time, on any thread; whatever else is asked meanwhile, on whatever thread, is answered
    from the last one.
    """

    is_single = False

    def __init__(
        self,
        base: Settings,
        models_dir: Path | None,
        sources: Sequence[DefinitionSource] = (),
        *,
        read: HeaderReader = read_header,
        find: LocalFinder = find_here,
    ) -> None:
        self._base = base
        self._models_dir = models_dir
        self._sources = [LastGood(source) for source in sources]
        self._reader = ContentsReader(read)
        self._find = find
        # Of the last look; only `rescan` uses them.
        self._folder = InFolder()
        self._declared: tuple[Declared, Mapping[str, ModelEntry]] | None = None
        self._shelf = Shelf()

    @property
    def entries(self) -> Mapping[str, ModelEntry]:
        """Every model by its name, in order of the names. Replaced as a whole, never changed."""
        return self._shelf.entries

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is wrong now: definitions that cannot be read, names that two models want, no such folder."""
        return self._shelf.complaints

    @property
    def models_dir(self) -> Path | None:
        """The folder that is searched."""
        return self._models_dir

    def rescan(self) -> bool:
        """Look again at the definitions and the folder; return whether anything changed. Blocks.

        Only new and changed files are opened. A source that can no longer be read keeps what it said, with a
        complaint.

        Raises:
            SettingsError: a source could not be read the first time. Nothing has changed then.
        """
        for source in self._sources:
            source.refresh()
        before, now = self._shelf, self._take_stock()
        self._reader.forget_unused()
        self._shelf = now  # the one moment at which others see it
        told = {*before.complaints, *(source.complaint for source in self._sources)}
        for complaint in now.complaints:
            if complaint not in told:
                _log.warning("models.complaint", reason=complaint)
        return (now.entries, now.complaints) != (before.entries, before.complaints)

    def find(self, name: str) -> ModelEntry:
        """Return the model that goes by this name, or alias, in whatever case if only one does.

        Raises NotFoundError with the names that there are.
        """
        shelf = self._shelf
        return shelf.entries[shelf.names.resolve(name)]

    def files(self) -> list[ListedFile]:
        """Return what lies in the models folder: the (first) weight file of each model, in order."""
        shelf = self._shelf
        listed = []
        for found, name in shelf.files.values():
            folder = shelf.entries[name].folder
            if folder is None:
                listed.append(ListedFile(found.path.name, shown_folder(found.path.parent), name))
            elif folder.weight_files:
                listed.append(ListedFile(folder.weight_files[0], shown_folder(found.path), name))
        return listed

    def find_file(self, model_file: str, folder: str) -> ModelEntry:
        """Return the model in the models folder that has this file, both as `files` tells them.

        Raises:
            NotFoundError: no such model, or it lacks something; a line for each thing that it lacks.
        """
        shelf, path = self._shelf, Path(folder) / model_file
        try:
            key = file_key(path.with_name(first_part(path.name)))
            known = shelf.files.get(key)
            if known is None and key.parent in shelf.files and key.exists():
                known = shelf.files[key.parent]  # a model is its whole folder, whichever file of it is named
            if known is None:
                raise NotFoundError(self._reason(path))
        except (OSError, ValueError, RuntimeError):  # a name too long, with a NUL, or none; links in a circle
            raise NotFoundError(_NO_FILE) from None
        entry = shelf.entries[known[1]]
        if entry.problem is not None:
            raise NotFoundError(entry.problem)
        return entry

    def paths_of(self, entry: ModelEntry) -> tuple[Path, ...]:
        """Return the files of the model on this machine that no other model needs.

        These are its parts, its projector, and what it has in a cache; `inside` tells which of them lie in
        the models folder.
        """
        return own_files(entry, [other for other in self.entries.values() if other.name != entry.name])

    def removable(self, entry: ModelEntry) -> list[Path]:
        """Return what to remove for the model to be gone: its path, and a projector that is only its own.

        Raises NotSupportedError for files that neither lie in the models folder nor were downloaded.
        """
        name, path = entry.name, entry.path
        if path is None:
            raise NotSupportedError(f"The model '{name}' has no files on this machine")
        is_found = self._models_dir is not None and inside(self._models_dir, path)
        if not (is_found or is_downloaded(entry)):
            raise NotSupportedError(
                f"The files of '{name}' neither lie in the models folder nor were downloaded: remove {path} "
                "yourself, and what declares it"
            )
        own = self.paths_of(entry)
        return [path, *(one for one in (entry.projector,) if one is not None and one in own)]

    def _take_stock(self) -> Shelf:
        found = scan(self._models_dir) if self._models_dir else FolderScan()
        folder = look_into(found, self._reader, self._folder)
        declared = settle(
            [one for source in self._sources for one in source.definitions], complaints=self._complaints()
        )
        replacements = {
            alias: name for source in self._sources for alias, name in source.replacements.items()
        }
        declared = msgspec.structs.replace(declared, replacements=replacements)
        declarations = Declarations(self._models_dir, folder, self._reader, self._find)
        entries = {name: declarations.entry(one) for name, one in declared.definitions.items()}
        if folder is self._folder and (declared, entries) == self._declared:
            return self._shelf
        shelf = fill(declared, entries, folder, base=self._base, given=self._shelf.given)
        self._folder, self._declared = folder, (declared, entries)
        return shelf

    def _complaints(self) -> list[str]:
        found = [source.complaint for source in self._sources if source.complaint is not None]
        if self._models_dir is not None and not self._models_dir.is_dir():
            found.append(f"there is no models folder {self._models_dir}")
        return found

    def _reason(self, path: Path) -> str:
        """Return why there is no such model; what is outside of the folder is not looked at."""
        if self._models_dir is None or not inside(self._models_dir, path):
            return _NO_FILE
        shown = f"there is no model file {path.name} in {shown_folder(path.parent)}"
        if path.suffix.lower() == ".gguf" or not path.parent.is_dir():
            return shown
        return "\n".join([shown, *missing_files([other.name for other in path.parent.iterdir()])])
