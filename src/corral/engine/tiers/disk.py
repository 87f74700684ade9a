"""The disk tier: prefixes in files that outlive the process. One folder for each model and kind of memory.

    DIR/FINGERPRINT/SPACE-NUMBER.kv      a sealed slot file (`slot_file`); SPACE tells caller and adapters

The names and first tokens of all files are read at the start; whole files only when one is wanted. A torn or
foreign file is removed. What is written and read here is the business of one thread; the index is the loop's.
Processes may share a folder: each counts what it found and wrote, and does without what others removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import secrets
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from corral.core import log
from corral.core.errors import InvalidRequestError
from corral.engine import slot_file
from corral.engine.prefixes import NO_MATCH, Space
from corral.engine.radix import Match, RadixTree, Tokens
from corral.engine.slot_file import SlotContent, Taker
from corral.engine.tiers.blob import Blob

SUFFIX = ".kv"
ABANDONED_S = 600.0  # whoever left a file half written for so long is gone
MAX_UNWRITTEN_BYTES = 512 * 1024**2  # a disk that is slower than the cells fill holds up no more memory
_MODE = 0o700  # prefixes hold what people wrote
_SPACE_LETTERS = 16

_log = log.get("engine")

Then = Callable[[Blob | None], None]


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    space: str
    n_bytes: int


@dataclass(frozen=True, slots=True)
class _Written:
    """File number `number` is there, or could not be written."""

    number: int
    n_bytes: int
    is_there: bool


class DiskTier:
    """Owner of the folder's files and of the thread that reads and writes them.

    The least recently used go when `budget_bytes` are spent; a file's time of change says when it was used.
    Without `is_trimmable` a file is of use as a whole only.
    """

    def __init__(self, folder: str, budget_bytes: int, taker: Taker, *, is_trimmable: bool = True) -> None:
        self._folder = Path(folder) / taker.fingerprint
        self._budget_bytes = budget_bytes
        self._taker = taker
        self._is_trimmable = is_trimmable
        self._trees: dict[str, RadixTree] = {}
        self._files: dict[int, _File] = {}  # least recently used first
        self._n_seen = 0
        self._n_unwritten_bytes = 0
        self._written: queue.SimpleQueue[_Written] = queue.SimpleQueue()
        self._thread = ThreadPoolExecutor(1, "disk-tier")
        self.n_bytes = 0
        self._folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
        for path, size in self._by_age():
            self._adopt(path, size)
        self._evict()

    def __len__(self) -> int:
        return len(self._files)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits to be written that nothing should be added."""
        self._settle()
        return self._n_unwritten_bytes > MAX_UNWRITTEN_BYTES

    def has(self, space: Space, tokens: Tokens) -> bool:
        """Whether a file holds all of `tokens`."""
        return self.match(space, tokens).n_tokens == len(tokens)

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

    def write(self, blob: Blob) -> None:
        """Have a file written in place of those that it covers, unless one holds as much."""
        if blob.n_bytes > self._budget_bytes or self.has(blob.space, blob.tokens):
            return
        name = space_name(blob.space)
        covered = self._covered(name, blob.tokens)
        path = self._folder / f"{name}-{secrets.token_hex(8)}{SUFFIX}"
        number = self._register(path, name, blob.n_bytes, blob.tokens)
        self._n_unwritten_bytes += blob.n_bytes
        self._thread.submit(self._write, number, path, blob)
        for other in covered:
            self._drop(other)
        self._evict()

    def read(self, number: int, space: Space, then: Then) -> None:
        """Have a file read; `then` is called on the thread with what it holds, None if it is of no use."""
        file = self._files.pop(number)
        self._files[number] = file  # used just now
        self._thread.submit(lambda: then(self._read(file, space)))

    def forget(self, number: int) -> None:
        """Drop a file that turned out to be of no use."""
        if number in self._files:
            self._drop(number)

    def close(self) -> None:
        """Wait until everything is written."""
        self._thread.shutdown()
        self._settle()

    # the thread

    def _write(self, number: int, path: Path, blob: Blob) -> None:
        content = SlotContent(blob.tokens, blob.state, blob.space.loras)
        try:
            self._folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
            slot_file.write(str(path), content, self._sealed(space_name(blob.space)))
        except (OSError, MemoryError) as error:
            _log.warning("tier.write_failed", path=str(path), reason=str(error))
            self._written.put(_Written(number, blob.n_bytes, is_there=False))
        else:
            self._written.put(_Written(number, blob.n_bytes, is_there=True))

    def _read(self, file: _File, space: Space) -> Blob | None:
        taker = replace(self._taker, fingerprint=self._sealed(file.space))
        try:
            content = slot_file.read(str(file.path), taker, is_seal_needed=True)
        except (InvalidRequestError, MemoryError):
            _remove(file.path)
            return None
        with contextlib.suppress(OSError):  # a disk that is read only
            os.utime(file.path)
        return Blob(space, content.tokens, content.state)

    # the index

    def _settle(self) -> None:
        """Take note of what the thread wrote: what is not there is forgotten."""
        with contextlib.suppress(queue.Empty):
            while True:
                written = self._written.get_nowait()
                self._n_unwritten_bytes -= written.n_bytes
                if not written.is_there and written.number in self._files:
                    self._unregister(written.number)

    def _by_age(self) -> list[tuple[Path, int]]:
        """Return the files and their sizes, least recently used first; what was abandoned is removed."""
        found = []
        for entry in os.scandir(self._folder):
            with contextlib.suppress(FileNotFoundError):  # another process removed it just now
                stat = entry.stat(follow_symlinks=False)
                if entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
                    found.append((stat.st_mtime_ns, entry.name, stat.st_size))
                elif entry.name.startswith(".corral-") and time.time() - stat.st_mtime > ABANDONED_S:
                    _remove(Path(entry.path))
        return [(self._folder / name, size) for _, name, size in sorted(found)]

    def _adopt(self, path: Path, n_bytes: int) -> None:
        name = path.name.partition("-")[0]
        tokens = slot_file.read_tokens(str(path))
        if tokens is None or not len(tokens) or len(name) != _SPACE_LETTERS:
            _log.warning("tier.file_removed", path=str(path), reason="it is torn, or no file of a prefix")
            _remove(path)
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

    def _evict(self) -> None:
        while self.n_bytes > self._budget_bytes:
            self._drop(next(iter(self._files)))

    def _drop(self, number: int) -> None:
        self._thread.submit(_remove, self._unregister(number))  # behind what writes or reads it

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


def _remove(path: Path) -> None:
    """Remove a file, if it is there and can be removed."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def space_name(space: Space) -> str:
    """Return the name of all that may share: it tells nothing of the caller."""
    octets = msgspec.msgpack.encode(space.key)
    return hashlib.blake2b(octets, digest_size=_SPACE_LETTERS // 2).hexdigest()
