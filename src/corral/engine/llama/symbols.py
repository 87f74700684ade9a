"""Functions of llama.cpp's libraries that the bindings do not declare."""

from __future__ import annotations

import ctypes
from typing import Any

from llama_cpp import _ggml, llama_cpp

# A library finds the functions of those that it links to, so these two reach all of ggml.
_LIBRARIES = (llama_cpp._lib, _ggml.libggml)  # noqa: SLF001 - the bindings offer no other way to them


def function(name: str, result: Any, *arguments: Any) -> Any:  # noqa: ANN401 - ctypes types
    """Return the C function `name`, typed. Raises `AttributeError` when no library has it."""
    library = next((library for library in _LIBRARIES if hasattr(library, name)), _LIBRARIES[0])
    prototype = ctypes.CFUNCTYPE(result, *arguments)
    return prototype((name, library))
