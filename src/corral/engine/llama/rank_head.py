"""Whether a GGUF file holds the classification head that reranking needs.

llama.cpp loads a model without one and then reads scores from where there are none. Its own reader of the
format (gguf.h) tells which tensors there are, without loading them.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

from llama_cpp._ctypes_extensions import load_shared_library
from llama_cpp._ggml import libggml_base_path

_HEADS = (b"cls.weight", b"cls.output.weight")
_SPLIT_KEY = b"split.count"


class _InitParams(ctypes.Structure):
    """`gguf_init_params`, gguf.h."""

    _fields_ = (("no_alloc", ctypes.c_bool), ("ctx", ctypes.c_void_p))


def has_rank_head(path: str) -> bool:
    """Return whether the file has a head; True also for a file that is one of several, which may hold it."""
    library = _library()
    file = library.gguf_init_from_file(os.fsencode(path), _InitParams(True, None))
    if not file:
        return True
    try:
        if library.gguf_find_key(file, _SPLIT_KEY) >= 0:
            return True
        return any(library.gguf_find_tensor(file, name) >= 0 for name in _HEADS)
    finally:
        library.gguf_free(file)


def _library() -> Any:  # noqa: ANN401 - a ctypes library
    library = load_shared_library("ggml-base", libggml_base_path)
    library.gguf_init_from_file.argtypes = [ctypes.c_char_p, _InitParams]
    library.gguf_init_from_file.restype = ctypes.c_void_p
    for find in (library.gguf_find_key, library.gguf_find_tensor):
        find.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
        find.restype = ctypes.c_int64
    library.gguf_free.argtypes = [ctypes.c_void_p]
    library.gguf_free.restype = None
    return library
