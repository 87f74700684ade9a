"""llama.cpp's own reader of GGUF files (gguf.h): which tensors there are and where, without loading them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from corral.engine.llama.symbols import function

F32 = 0  # enum ggml_type, ggml.h


class _InitParams(ctypes.Structure):
    """`gguf_init_params`, gguf.h."""

    _fields_ = (("no_alloc", ctypes.c_bool), ("ctx", ctypes.c_void_p))


_POINTER, _INT64, _SIZE, _TEXT = ctypes.c_void_p, ctypes.c_int64, ctypes.c_size_t, ctypes.c_char_p
_open = function("gguf_init_from_file", _POINTER, _TEXT, _InitParams)
_close = function("gguf_free", None, _POINTER)
_find_key = function("gguf_find_key", _INT64, _POINTER, _TEXT)
_n_tensors = function("gguf_get_n_tensors", _INT64, _POINTER)
_name = function("gguf_get_tensor_name", _TEXT, _POINTER, _INT64)
_type = function("gguf_get_tensor_type", ctypes.c_int, _POINTER, _INT64)
_size = function("gguf_get_tensor_size", _SIZE, _POINTER, _INT64)
_offset = function("gguf_get_tensor_offset", _SIZE, _POINTER, _INT64)
_data_offset = function("gguf_get_data_offset", _SIZE, _POINTER)


@dataclass(frozen=True, slots=True)
class Tensor:
    """`type` is of enum ggml_type; its `n_bytes` begin at `start` of the file."""

    name: str
    type: int
    start: int
    n_bytes: int


class GgufFile:
    """The head of a file, while `opened` lasts."""

    def __init__(self, pointer: int) -> None:
        self._pointer = pointer

    def has_key(self, key: bytes) -> bool:
        """Whether the file says something of `key`."""
        return bool(_find_key(self._pointer, key) >= 0)

    def tensors(self) -> Iterator[Tensor]:
        """Yield the tensors in the order of the file."""
        pointer = self._pointer
        for index in range(_n_tensors(pointer)):
            name = _name(pointer, index).decode("utf-8", "replace")
            start = _data_offset(pointer) + _offset(pointer, index)
            yield Tensor(name, _type(pointer, index), start, _size(pointer, index))


@contextmanager
def opened(path: str) -> Iterator[GgufFile | None]:
    """Open a file; None for one that cannot be read, or is none of the format."""
    pointer = _open(os.fsencode(path), _InitParams(True, None))
    try:
        yield GgufFile(pointer) if pointer else None
    finally:
        _close(pointer)
