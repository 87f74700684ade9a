"""Reading a file forwards, a window at a time, never beyond its bounds."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

from corral.core.errors import ModelLoadError

MAX_HEADER_BYTES = 256 * 1024**2  # the largest vocabularies with all their merges take a tenth of it
MAX_TEXTS = 4_000_000  # in all arrays together; to pass over so many takes half a second
_WINDOW_BYTES = 1024**2

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


class Cursor:
    """A place in an open file that only moves forwards. Keeps one window of the file in memory.

    Not a memory map: a file that is cut short meanwhile would end the process with SIGBUS.
    All methods raise `ModelLoadError` where the file ends, or its header is longer than any.
    """

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.path = path
        self.n_bytes = os.fstat(file.fileno()).st_size
        self._file = file
        self._window = b""
        self._start = 0  # where the window is in the file
        self._at = 0  # the place, counted in the window
        self._n_texts_left = MAX_TEXTS

    @property
    def position(self) -> int:
        """The place in the file."""
        return self._start + self._at

    @property
    def n_left(self) -> int:
        """How many bytes come after the place."""
        return self.n_bytes - self.position

    def fault(self, reason: str) -> ModelLoadError:
        """Return the error that says what is wrong with the file."""
        return ModelLoadError(f"cannot read the GGUF file {self.path}: {reason}", path=str(self.path))

    def take(self, n: int) -> bytes:
        """Return the next `n` bytes, which the caller has found to be few."""
        self._need(n)
        taken = self._window[self._at : self._at + n]
        self._at += n
        return taken

    def u32(self) -> int:
        """Return the next number."""
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        """Return the next number."""
        return int(_U64.unpack(self.take(8))[0])

    def skip(self, n: int) -> None:
        """Pass over `n` bytes, read or not."""
        if n > self.n_left:
            raise self._truncated()
        if self.position + n > MAX_HEADER_BYTES:
            raise self.fault(f"its header is longer than {MAX_HEADER_BYTES // 1024**2} MiB")
        self._at += n

    def text(self, n_max: int, what: str) -> str:
        """Return the next string of at most `n_max` bytes; what is no UTF-8 in it is replaced."""
        n = self.u64()
        if n > self.n_left:
            raise self.fault(f"{what} has {n:,} bytes, and the file ends after {self.n_left:,} more")
        if n > n_max:
            raise self.fault(f"{what} has {n:,} bytes, more than {n_max:,}")
        return self.take(n).decode("utf-8", "replace")

    def skip_texts(self, n: int) -> None:
        """Pass over `n` strings."""
        if n > self._n_texts_left:
            raise self.fault(f"its lists have more than {MAX_TEXTS:,} strings")
        self._n_texts_left -= n
        length_at = _U64.unpack_from
        while n:
            self._need(8)
            window, at = self._window, self._at
            last = len(window) - 8
            while n and at <= last:
                at += length_at(window, at)[0] + 8
                n -= 1
            self.skip(at - self._at)

    def _need(self, n: int) -> None:
        """Have the window hold the next `n` bytes."""
        if self._at + n <= len(self._window):
            return
        if n > self.n_left:
            raise self._truncated()
        self._start, self._at = self.position, 0
        if self._start + n > MAX_HEADER_BYTES:
            raise self.fault(f"its header is longer than {MAX_HEADER_BYTES // 1024**2} MiB")
        self._file.seek(self._start)
        self._window = self._file.read(max(n, _WINDOW_BYTES))
        if len(self._window) < n:  # cut short since it was opened
            raise self._truncated()

    def _truncated(self) -> ModelLoadError:
        return self.fault(
            f"it ends within its header, after {self.n_bytes:,} bytes; get the file again, it is not whole"
        )
