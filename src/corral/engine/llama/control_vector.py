"""Control vectors: directions that are added to what flows from layer to layer.

A file holds a tensor `direction.L` (F32, one dimension) for each layer L >= 1 that it changes.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt

from corral.core.engine_settings import AdapterSettings, ControlVectorSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama.symbols import function

_F32 = 0  # enum ggml_type, ggml.h
_PREFIX = "direction."

Direction = npt.NDArray[np.float32]


class _InitParams(ctypes.Structure):
    """`gguf_init_params`, gguf.h."""

    _fields_ = (("no_alloc", ctypes.c_bool), ("ctx", ctypes.c_void_p))


_POINTER, _INT64, _SIZE = ctypes.c_void_p, ctypes.c_int64, ctypes.c_size_t
_open = function("gguf_init_from_file", _POINTER, ctypes.c_char_p, _InitParams)
_close = function("gguf_free", None, _POINTER)
_n_tensors = function("gguf_get_n_tensors", _INT64, _POINTER)
_name = function("gguf_get_tensor_name", ctypes.c_char_p, _POINTER, _INT64)
_type = function("gguf_get_tensor_type", ctypes.c_int, _POINTER, _INT64)
_size = function("gguf_get_tensor_size", _SIZE, _POINTER, _INT64)
_offset = function("gguf_get_tensor_offset", _SIZE, _POINTER, _INT64)
_data_offset = function("gguf_get_data_offset", _SIZE, _POINTER)


def apply_control_vectors(context: Any, model: Any, settings: AdapterSettings) -> None:  # noqa: ANN401 - pointers
    """Let the context add the vectors. Raises `ModelLoadError` for a file that is none of this model."""
    if not settings.control_vectors:
        return
    n_embd, n_layer = llama_cpp.llama_model_n_embd(model), llama_cpp.llama_model_n_layer(model)
    data = summed(settings.control_vectors, n_embd, n_layer)
    first, last = layer_range(settings.layer_range, n_layer)
    pointer = data.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
    if llama_cpp.llama_set_adapter_cvec(context, pointer, data.size, n_embd, first, last):
        raise ModelLoadError("llama.cpp refused the control vectors")


def layer_range(asked: tuple[int, int] | None, n_layer: int) -> tuple[int, int]:
    """Return the first and the last layer; 0 and below mean the ends."""
    first, last = asked or (0, 0)
    return (first if first > 0 else 1, last if last > 0 else n_layer)


def summed(vectors: tuple[ControlVectorSettings, ...], n_embd: int, n_layer: int) -> Direction:
    """Return the sum of all vectors, [n_layer - 1, n_embd] for the layers from 1 on."""
    total = np.zeros((max(n_layer - 1, 1), n_embd), np.float32)
    for vector in vectors:
        for layer, direction in read_directions(vector.path).items():
            if direction.size != n_embd:
                raise ModelLoadError(
                    f"the control vector '{vector.path}' has {direction.size} numbers for layer {layer}; "
                    f"this model has {n_embd}"
                )
            if layer < n_layer:
                total[layer - 1] += direction * np.float32(vector.strength)
    return total


def read_directions(path: str) -> dict[int, Direction]:
    """Return the directions of a file by layer. Raises `ModelLoadError` for any other file."""
    handle = _open(os.fsencode(path), _InitParams(True, None)) if Path(path).is_file() else None
    if not handle:
        raise ModelLoadError(
            f"failed to load the control vector '{path}': it is no GGUF file that can be read"
        )
    try:
        found = dict(_directions(handle, path))
    finally:
        _close(handle)
    if not found:
        raise ModelLoadError(f"the control vector '{path}' holds no tensor {_PREFIX}1, {_PREFIX}2, ...")
    return found


def _directions(handle: int, path: str) -> Iterator[tuple[int, Direction]]:
    for index in range(_n_tensors(handle)):
        name = _name(handle, index).decode("utf-8", "replace")
        layer = name.removeprefix(_PREFIX)
        if layer == name:
            continue
        if not layer.isascii() or not layer.isdecimal() or int(layer) < 1 or _type(handle, index) != _F32:
            raise ModelLoadError(f"the control vector '{path}' has a tensor {name} that is no F32 direction")
        yield int(layer), _read(handle, index, path)


def _read(handle: int, index: int, path: str) -> Direction:
    n, start = _size(handle, index) // 4, _data_offset(handle) + _offset(handle, index)
    direction = np.fromfile(path, np.float32, n, offset=start)
    if direction.size < n:
        raise ModelLoadError(f"the control vector '{path}' ends too early")
    return direction
