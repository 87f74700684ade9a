"""The disk tier: prefixes in files that outlive the process. One folder for each model and kind of memory.

    DIR/FINGERPRINT/SPACE-NUMBER.kv      a sealed slot file (`slot_file`); SPACE tells caller and adapters

The names and first tokens of all files are read at the start; whole files only when one is wanted. A torn or
foreign file is removed, one that cannot be read just now is not. What is written and read here is the
business of one thread; the index is the loop's. Processes may share a folder: each counts what it found and
wrote, and does without what others removed.

The same in main memory is where a server parks what engines leave that it unloads: the models share the
budget, and what is read is removed, since it is held in host memory from then on.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from corral.core import log
from corral.core.errors import InvalidRequestError
from corral.engine import slot_file
from corral.engine.half_written import remove
from corral.engine.prefixes import NO_MATCH, Space
from corral.engine.radix import Match, RadixTree, Tokens
from corral.engine.slot_file import SlotContent, Taker
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.leftovers import remove_leftovers, trim

SUFFIX = ".kv"
MAX_UNWRITTEN_BYTES = 512 * 1024**2  # a disk that is slower than the cells fill holds up no more memory
_MODE = 0o700  # prefixes hold what people wrote
_SPACE_LETTERS = 16

_log = log.get("engine")

Then = Callable[[Blob | None], None]
Cancel = Callable[[], bool]
"""Takes a reading back that has not begun, and says whether it did; `then` is not called any more then."""


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    space: str
    n_bytes: int


_Covered = tuple[_File, Tokens]


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """File number `number` is there, or is not. `n_bytes` of it were to be written, in place of `covered`."""

    number: int
    is_there: bool
    n_bytes: int = 0
    covered: tuple[_Covered, ...] = ()


class DiskTier:
    """Owner of the folder's files and of the thread that reads and writes them.

    The least recently used go when `budget_bytes` are spent; a file's time of change says when it was used.
    Without `is_trimmable` a file is of use as a whole only. `is_parking`: `folder` is main memory, is there
    already, and goes with the server.
    """

    def __init__(
        self,
        folder: str,
        budget_bytes: int,
        taker: Taker,
        *,
        is_trimmable: bool = True,
        is_parking: bool = False,
    ) -> None:
        self._folder = Path(folder) / taker.fingerprint
        self.budget_bytes = budget_bytes
        self.is_parking = is_parking
        self._taker = taker
        self._is_trimmable = is_trimmable
        self._trees: dict[str, RadixTree] = {}
        self._files: dict[int, _File] = {}  # least recently used first
        self._n_seen = 0
        self._n_unwritten_bytes = 0
        self._outcomes: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
        self._thread = ThreadPoolExecutor(1, "disk-tier")
        self._is_closed = False
        self.n_bytes = 0
        self._make_folder()
        remove_leftovers(self._folder)
        for path, size in self._by_age():
            self._adopt(path, size)
        self._evict()

    def __len__(self) -> int:
        return len(self._files)

    @property
    def is_gone(self) -> bool:
        """Whether nobody will read what is written now: the server ends, and its folder is gone."""
        return self.is_parking and not self._folder.parent.exists()

    @property
    def is_behind(self) -> bool:
        """Whether so much waits to be written that nothing should be added."""
        self._settle()
        return self._n_unwritten_bytes > MAX_UNWRITTEN_BYTES

    def holder(self, space: Space, tokens: Tokens) -> int | None:
        """Return a file that holds all of `tokens`, None if there is none."""
        match = self.match(space, tokens)
        return min(match.holders, default=None) if match.n_tokens == len(tokens) else None

    def match(self, space: Space, tokens: Tokens) -> Match:
        """Return the longest prefix of `tokens` that a file of this caller and adapters gives, and which."""
        self._settle()
        tree = self._trees.get(space_name(space))
        if tree is None:
            return NO_MATCH
        if self._is_trimmable:
            return tree.match(tokens, n_most=1)
        whole = deque(tree.within(tokens), maxlen=1)
        return Match(whole[0][1], frozenset({whole[0][0]})) if whole else NO_MATCH

    def size(self, number: int) -> int:
        """Return the bytes of a file."""
        return self._files[number].n_bytes

    def use(self, number: int, used_ns: int) -> None:
        """Note that a file is of use, and have it tell the next start when that was."""
        self._files[number] = file = self._files.pop(number)
        self._thread.submit(_touch, file.path, used_ns)

    def write(self, blob: Blob, used_ns: int | None = None) -> int | None:
        """Have a file written in place of those that it covers; return its number.

        None where one holds as much, or it would never fit. `used_ns` as in `use`, now if it is not said.
        """
        if blob.n_bytes > self.budget_bytes or self.holder(blob.space, blob.tokens) is not None:
            return None
        name = space_name(blob.space)
        covered = tuple(self._set_aside(other) for other in self._covered(name, blob.tokens))
        path = self._folder / f"{name}-{secrets.token_hex(8)}{SUFFIX}"
        number = self._register(path, name, blob.n_bytes, blob.tokens)
        self._n_unwritten_bytes += blob.n_bytes
        written = _Outcome(number, is_there=True, n_bytes=blob.n_bytes, covered=covered)
        self._thread.submit(self._write, written, path, blob, used_ns)
        self._evict()
        return number

    def read(self, number: int, space: Space, then: Then) -> Cancel:
        """Have a file read; `then` is called on the thread with what it holds, None if that is of no use."""
        file = self._files.pop(number)
        self._files[number] = file  # used just now
        return self._thread.submit(lambda: then(self._read(number, file, space))).cancel

    def forget(self, number: int) -> None:
        """Drop a file that turned out to be of no use."""
        if number in self._files:
            self._drop(number)

    def flush(self) -> None:
        """Wait until everything is written."""
        self._thread.submit(lambda: None).result()

    def close(self) -> None:
        """Wait until everything is written, and end; once is enough."""
        if not self._is_closed:
            self._is_closed = True
            self.flush()
            self._settle()
            self._thread.shutdown()

    # the thread

    def _write(self, written: _Outcome, path: Path, blob: Blob, used_ns: int | None) -> None:
        content = SlotContent(blob.tokens, blob.state, blob.space.loras)
        try:
            self._make_folder()
            slot_file.write(str(path), content, self._sealed(space_name(blob.space)))
        except (OSError, MemoryError) as error:
            if not self.is_gone:
                _log.warning("tier.write_failed", path=str(path), reason=str(error))
            self._outcomes.put(replace(written, is_there=False))
            return
        if used_ns is not None:
            _touch(path, used_ns)
        for file, _ in written.covered:
            remove(file.path)
        self._outcomes.put(written)
        if self.is_parking:
            trim(self._folder.parent, self.budget_bytes)

    def _read(self, number: int, file: _File, space: Space) -> Blob | None:
        taker = replace(self._taker, fingerprint=self._sealed(file.space))
        try:
            content = slot_file.read(str(file.path), taker, is_seal_needed=True)
        except (InvalidRequestError, FileNotFoundError):
            remove(file.path)
            self._outcomes.put(_Outcome(number, is_there=False))
            return None
        except (OSError, MemoryError) as error:  # it may be sound, and read another time
            _log.warning("tier.read_failed", path=str(file.path), reason=str(error))
            return None
        if self.is_parking:
            remove(file.path)
            self._outcomes.put(_Outcome(number, is_there=False))
        else:
            _touch(file.path)
        return Blob(space, content.tokens, content.state)

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=_MODE, parents=not self.is_parking, exist_ok=True)

    # the index

    def _settle(self) -> None:
        """Take note of what the thread did: what is not there is forgotten, what it was to cover is not."""
        for outcome in self._news():
            self._n_unwritten_bytes -= outcome.n_bytes
            if outcome.is_there:
                continue
            if outcome.number in self._files:
                self._unregister(outcome.number)
            for file, tokens in outcome.covered:
                self._register(file.path, file.space, file.n_bytes, tokens)
            self._evict()

    def _news(self) -> Iterator[_Outcome]:
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._outcomes.get_nowait()

    def _by_age(self) -> list[tuple[Path, int]]:
        """Return the files and their sizes, least recently used first."""
        found = []
        for entry in os.scandir(self._folder):
            with contextlib.suppress(FileNotFoundError):  # another process removed it just now
                if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                    stat = entry.stat(follow_symlinks=False)
                    found.append((stat.st_mtime_ns, entry.name, stat.st_size))
        return [(self._folder / name, size) for _, name, size in sorted(found)]

    def _adopt(self, path: Path, n_bytes: int) -> None:
        name = path.name.partition("-")[0]
        tokens = slot_file.read_tokens(str(path))
        if tokens is None or not len(tokens) or len(name) != _SPACE_LETTERS:
            _log.warning("tier.file_removed", path=str(path), reason="it is torn, or no file of a prefix")
            remove(path)
            return
        # What is longer than the context waits for one that is large enough, or for its end.
        self._register(path, name, n_bytes, tokens if len(tokens) <= self._taker.n_ctx else None)

    def _register(self, path: Path, name: str, n_bytes: int, tokens: Tokens | None) -> int:
        number, self._n_seen = self._n_seen, self._n_seen + 1
        self._files[number] = _File(path, name, n_bytes)
        if tokens is not None:
            self._trees.setdefault(name, RadixTree()).put(number, tokens)
        self.n_bytes += n_bytes
        return number

    def _covered(self, name: str, tokens: Tokens) -> list[int]:
        """Return the files that give nothing that one of `tokens` does not give."""
        tree = self._trees.get(name)
        return [] if tree is None or not self._is_trimmable else [n for n, _ in tree.within(tokens)]

    def _set_aside(self, number: int) -> _Covered:
        """Forget a file that goes as soon as what covers it is written; return it and its tokens."""
        file = self._files[number]
        tokens = self._trees[file.space].tokens(number)
        self._unregister(number)
        return file, tokens

    def _evict(self) -> None:
        while self.n_bytes > self.budget_bytes:
            self._drop(next(iter(self._files)))

    def _drop(self, number: int) -> None:
        self._thread.submit(remove, self._unregister(number))  # behind what writes or reads it

    def _unregister(self, number: int) -> Path:
        file = self._files.pop(number)
        tree = self._trees.get(file.space)
        if tree is not None:
            tree.remove(number)
            if tree.is_empty:
                del self._trees[file.space]
        self.n_bytes -= file.n_bytes
        return file.path

    def _sealed(self, name: str) -> str:
        """Return what a file is sealed with: one that is moved to another caller's name is not taken."""
        return f"{self._taker.fingerprint}/{name}"


def _touch(path: Path, used_ns: int | None = None) -> None:
    """Have a file tell the next start when it was used, now if it is not said."""
    time_ns = time.time_ns() if used_ns is None else used_ns
    with contextlib.suppress(OSError):  # a disk that is read only
        os.utime(path, ns=(time_ns, time_ns))


def space_name(space: Space) -> str:
    """Return the name of all that may share: it tells nothing of the caller."""
    octets = msgspec.msgpack.encode(space.key)
    return hashlib.blake2b(octets, digest_size=_SPACE_LETTERS // 2).hexdigest()
