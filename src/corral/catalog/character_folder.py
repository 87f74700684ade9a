"""The characters in a folder: a file each, looked at again when it changes, kept when it breaks.

What a file says is read by a function that is handed in: formats are none of the catalogue's business.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import msgspec

from corral.catalog.character_files import Listing, Signature, content_of, listed, signature_of
from corral.core import log
from corral.core.clock import Clock, MonotonicClock
from corral.core.errors import CorralError, NotFoundError

FRESH_S = 2.0
_MAX_NAMES = 30  # that an error tells

_log = log.get("catalog")


class Named(Protocol):
    """What a file holds has a name of its own."""

    @property
    def name(self) -> str:
        """The name."""
        ...


T = TypeVar("T", bound=Named)
Read = Callable[[bytes, str], T]


class Kept(msgspec.Struct, Generic[T], frozen=True):
    """One file as it was looked at last. `content` None: it could never be read.

    `complaint` is what is wrong with it now, None if nothing is.
    """

    path: Path
    signature: Signature | None = None
    content: T | None = None
    complaint: str | None = None


class _Shelf(msgspec.Struct, Generic[T], frozen=True):
    """One look. `files` by name, the file's stem; `others` are complaints about what has no name."""

    files: Mapping[str, Kept[T]] = {}
    own_names: Mapping[str, str] = {}
    others: Mapping[str, str] = {}


class CharacterFolder(Generic[T]):
    """What lies in `folder`, empty until the first look. None: there is no folder.

    That the folder is missing is a complaint, unless it `is_optional`: then there are no characters yet.
    `read` turns a file's bytes and its name into its content, and raises CorralError. Looks may be asked for
    on any thread, one is taken at a time; whatever else is asked is answered at once from the last one.
    """

    def __init__(
        self,
        folder: Path | None,
        read: Read[T],
        *,
        clock: Clock | None = None,
        is_optional: bool = False,
    ) -> None:
        self._folder = folder
        self._is_optional = is_optional
        self._read = read
        self._clock = clock or MonotonicClock()
        self._shelf: _Shelf[T] = _Shelf()
        self._looked_s: float | None = None
        self._one_look = threading.Lock()

    @property
    def folder(self) -> Path | None:
        """The folder, None if there is none."""
        return self._folder

    async def refresh(self) -> None:
        """Look again, on a thread, unless that was done in the last `FRESH_S`; log what is wrong, once."""
        if self._folder is not None and not self._is_fresh():
            await asyncio.to_thread(self._look_if_stale)

    def look(self) -> None:
        """Look again: only new and changed files are opened. Blocks. Logs nothing: who looks tells."""
        with self._one_look:
            self._look()

    def names(self) -> list[str]:
        """Return the names of the characters, in order."""
        return [name for name, kept in self._shelf.files.items() if kept.content is not None]

    def find(self, name: str) -> T:
        """Return the content of the file with this stem, or of the only one that has this name of its own.

        Raises NotFoundError, which tells the names, or why the file cannot be read.
        """
        kept = self.file(name)
        if kept.content is None:
            raise NotFoundError(f"The character '{name}' cannot be read: {kept.complaint}")
        return kept.content

    def file(self, name: str) -> Kept[T]:
        """Return the file that `find` would take, readable or not. Raises NotFoundError."""
        shelf = self._shelf
        kept = shelf.files.get(name) or shelf.files.get(shelf.own_names.get(name, ""))
        if kept is None:
            raise NotFoundError(f"There is no character '{name}'; {self._told()}")
        return kept

    def complaints(self) -> dict[str, str]:
        """Return what is wrong now, by the file's name."""
        shelf = self._shelf
        broken = {kept.path.name: kept.complaint for kept in shelf.files.values() if kept.complaint}
        return {**broken, **shelf.others}

    def _is_fresh(self) -> bool:
        return self._looked_s is not None and self._clock.now_s() - self._looked_s < FRESH_S

    def _look_if_stale(self) -> None:
        """Look, unless another thread does: nobody but the first waits for a disk that is slow."""
        if not self._one_look.acquire(blocking=self._looked_s is None):
            return
        try:
            if not self._is_fresh():
                before = self._shelf
                self._look()
                self._tell(before)
        finally:
            self._one_look.release()

    def _look(self) -> None:
        if self._folder is None:
            return
        is_there = not self._is_optional or self._folder.exists()
        found = listed(self._folder) if is_there else Listing({})
        looked = {name: self._kept(path, name) for name, path in found.paths.items()}
        files = {name: kept for name, kept in looked.items() if kept is not None}
        self._shelf = _Shelf(files, _own_names(files), found.ignored)
        self._looked_s = self._clock.now_s()

    def _kept(self, path: Path, name: str) -> Kept[T] | None:
        """Return the file as it is now; as it was, with a complaint, if it cannot be read any more.

        None: it has just gone.
        """
        before = self._shelf.files.get(name)
        if before is None or before.path != path:
            before = Kept(path)
        try:
            found = signature_of(path)  # before the read: what is written meanwhile differs from it
            if found == before.signature:
                return before
            content = self._read(content_of(path), path.name)
        except FileNotFoundError:
            return None
        except OSError as error:
            # Without a signature: it is tried again at the next look.
            return Kept(path, None, before.content, f"it cannot be opened ({error.strerror})")
        except CorralError as error:
            return Kept(path, found, before.content, error.message.removeprefix(f"{path.name}: "))
        except (ValueError, RecursionError) as error:  # one odd file must not hide all the others
            return Kept(path, found, before.content, f"it cannot be understood ({error})")
        return Kept(path, found, content)

    def _tell(self, before: _Shelf[T]) -> None:
        """Log what was not wrong before, or for another reason, and what is no longer."""
        for name, kept in self._shelf.files.items():
            earlier = before.files.get(name)
            told = earlier.complaint if earlier is not None else None
            if kept.complaint is not None and kept.complaint != told:
                _log.warning("characters.broken", file=str(kept.path), reason=kept.complaint)
            elif kept.complaint is None and told is not None:
                _log.info("characters.mended", file=str(kept.path))
        for file, reason in self._shelf.others.items():
            if before.others.get(file) != reason:
                _log.warning("characters.ignored", file=file, reason=reason)

    def _told(self) -> str:
        names = self.names()
        if self._folder is None:
            return "there is no folder of characters (--characters-dir)"
        if not names:
            return f"there are none in the folder {self._folder} (--characters-dir)"
        more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
        return f"there are {', '.join(names[:_MAX_NAMES])}{more}"


def _own_names(files: Mapping[str, Kept[T]]) -> dict[str, str]:
    """Return which file is meant by the name that its content gives itself; names of several mean none."""
    named = [(kept.content.name, name) for name, kept in files.items() if kept.content is not None]
    n_of = Counter(own for own, _ in named)
    return {own: name for own, name in named if n_of[own] == 1}
