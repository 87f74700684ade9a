"""The disk tier: prefixes in files that outlive the process. One folder for each model and kind of memory.

    DIR/FINGERPRINT/SPACE-NUMBER.kv      a sealed slot file (`slot_file`); SPACE tells caller and adapters

The names and first tokens of all files are read at the start; whole files only when one is wanted. A torn or
foreign file is removed. What is written and read here is the business of one thread; the index is the loop's.
"""

from __future__ import annotations

import hashlib
import os
import secrets
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
_MODE = 0o700  # prefixes hold what people wrote
_SPACE_LETTERS = 16

_log = log.get("engine")

Then = Callable[[Blob | None], None]


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    space: str
    n_bytes: int


class DiskTier:
    """Owner of the folder's files and of the thread that reads and writes them.

    The least recently used go when `budget_bytes` are spent; a file's time of change says when it was used.
    """

    def __init__(self, folder: str, budget_bytes: int, taker: Taker) -> None:
        self._folder = Path(folder) / taker.fingerprint
        self._budget_bytes = budget_bytes
        self._taker = taker
        self._trees: dict[str, RadixTree] = {}
        self._files: dict[int, _File] = {}  # least recently used first
        self._n_seen = 0
        self._thread = ThreadPoolExecutor(1, "disk-tier")
        self.n_bytes = 0
        self._folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
        for path in self._by_age():
            self._adopt(path)
        self._evict()

    def __len__(self) -> int:
        return len(self._files)

    def has(self, space: Space, tokens: Tokens) -> bool:
        """Whether a file holds all of `tokens`."""
        return self.match(space, tokens).n_tokens == len(tokens)

    def match(self, space: Space, tokens: Tokens) -> Match:
        """Return the longest prefix of `tokens` that a file of this caller and adapters holds."""
        tree = self._trees.get(space_name(space))
        return NO_MATCH if tree is None else tree.match(tokens)

    def write(self, blob: Blob) -> None:
        """Have a file written, unless one holds as much."""
        if blob.n_bytes > self._budget_bytes or self.has(blob.space, blob.tokens):
            return
        name = space_name(blob.space)
        path = self._folder / f"{name}-{secrets.token_hex(8)}{SUFFIX}"
        self._register(path, name, blob.tokens, blob.n_bytes)
        self._evict()
        self._thread.submit(self._write, path, blob)

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

    # the thread

    def _write(self, path: Path, blob: Blob) -> None:
        content = SlotContent(blob.tokens, blob.state, blob.space.loras)
        try:
            slot_file.write(str(path), content, self._sealed(space_name(blob.space)))
        except OSError as error:
            _log.warning("tier.write_failed", path=str(path), reason=error.strerror)

    def _read(self, file: _File, space: Space) -> Blob | None:
        taker = replace(self._taker, fingerprint=self._sealed(file.space))
        try:
            content = slot_file.read(str(file.path), taker)
            os.utime(file.path)
        except (InvalidRequestError, OSError):
            file.path.unlink(missing_ok=True)
            return None
        return Blob(space, content.tokens, content.state)

    # the index

    def _by_age(self) -> list[Path]:
        """Return the files, least recently used first; what was left half written is removed."""
        found = []
        for path in self._folder.iterdir():
            if path.suffix == SUFFIX and path.is_file() and not path.is_symlink():
                found.append(path)
            elif path.name.startswith(".corral-"):
                path.unlink(missing_ok=True)
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    def _adopt(self, path: Path) -> None:
        name = path.name.partition("-")[0]
        tokens = slot_file.read_tokens(str(path))
        if tokens is None or not len(tokens) or len(name) != _SPACE_LETTERS:
            _log.warning("tier.file_removed", path=str(path), reason="it is torn, or no file of a prefix")
            path.unlink(missing_ok=True)
            return
        self._register(path, name, tokens, path.stat().st_size)

    def _register(self, path: Path, name: str, tokens: Tokens, n_bytes: int) -> None:
        number, self._n_seen = self._n_seen, self._n_seen + 1
        self._files[number] = _File(path, name, n_bytes)
        self._trees.setdefault(name, RadixTree()).put(number, tokens)
        self.n_bytes += n_bytes

    def _evict(self) -> None:
        while self.n_bytes > self._budget_bytes:
            self._drop(next(iter(self._files)))

    def _drop(self, number: int) -> None:
        file = self._files.pop(number)
        tree = self._trees[file.space]
        tree.remove(number)
        if tree.is_empty:
            del self._trees[file.space]
        self.n_bytes -= file.n_bytes
        self._thread.submit(file.path.unlink, missing_ok=True)  # behind what writes or reads it

    def _sealed(self, name: str) -> str:
        """Return what a file is sealed with: one that is moved to another caller's name is not taken."""
        return f"{self._taker.fingerprint}/{name}"


def space_name(space: Space) -> str:
    """Return the name of all that may share: it tells nothing of the caller."""
    octets = msgspec.msgpack.encode(space.key)
    return hashlib.blake2b(octets, digest_size=_SPACE_LETTERS // 2).hexdigest()
