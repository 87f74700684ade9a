"""The thread that reads and writes slot files, so that no step waits for a disk."""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from corral.core.clock import Clock
from corral.core.errors import CorralError, InternalError, InvalidRequestError
from corral.engine import slot_file
from corral.engine.half_written import remove_half_written
from corral.engine.slot_file import SlotContent, Taker


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A file was read or written: what it holds, its size, and how long that took."""

    content: SlotContent
    n_bytes: int
    elapsed_ms: float


Outcome = Moved | CorralError
Then = Callable[[Outcome], None]

T = TypeVar("T")


class SlotFiles:
    """Owner of the thread; one file at a time. `then` is called on it, once, with the outcome."""

    def __init__(self, taker: Taker, clock: Clock) -> None:
        self._taker = taker
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="slot-files")

    def write(self, path: str, content: SlotContent, then: Then) -> None:
        """Write `content` to the file `path`."""
        self._thread.submit(lambda: then(self._written(path, content)))

    def read(self, path: str, then: Then) -> None:
        """Read what the file `path` holds."""
        self._thread.submit(lambda: then(self._read(path)))

    def close(self) -> None:
        """Wait for the files that are under way."""
        self._thread.shutdown()

    def _written(self, path: str, content: SlotContent) -> Outcome:
        began_s = self._clock.now_s()
        try:
            remove_half_written(Path(path).parent)  # a killed engine may have filled the disk with one
            n_bytes = slot_file.write(path, content, self._taker.fingerprint)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return InvalidRequestError("Invalid filename")
            return InternalError(f"Unable to save slot: {error.strerror}")
        except MemoryError:
            return InternalError("Unable to save slot: not enough memory")
        return Moved(content, n_bytes, (self._clock.now_s() - began_s) * 1000)

    def _read(self, path: str) -> Outcome:
        began_s = self._clock.now_s()
        try:
            content = slot_file.read(path, self._taker)
            n_bytes = slot_file.n_bytes(path)
        except (OSError, MemoryError, InvalidRequestError):
            return InvalidRequestError(slot_file.NOT_TAKEN)
        return Moved(content, n_bytes, (self._clock.now_s() - began_s) * 1000)
