"""Control vectors: directions that are added to what flows from layer to layer.

A file holds a tensor `direction.L` (F32, one dimension) for each layer L >= 1 that it changes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt

from corral.core.engine_settings import AdapterSettings, ControlVectorSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama.gguf_file import F32, GgufFile, Tensor, opened

_PREFIX = "direction."

Direction = npt.NDArray[np.float32]


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
    found = _found(path) if Path(path).is_file() else None
    if found is None:
        raise ModelLoadError(
            f"failed to load the control vector '{path}': it is no GGUF file that can be read"
        )
    if not found:
        raise ModelLoadError(f"the control vector '{path}' holds no tensor {_PREFIX}1, {_PREFIX}2, ...")
    return found


def _found(path: str) -> dict[int, Direction] | None:
    with opened(path) as file:
        return None if file is None else dict(_directions(file, path))


def _directions(file: GgufFile, path: str) -> Iterator[tuple[int, Direction]]:
    for tensor in file.tensors():
        layer = tensor.name.removeprefix(_PREFIX)
        if layer == tensor.name:
            continue
        if not layer.isascii() or not layer.isdecimal() or int(layer) < 1 or tensor.type != F32:
            raise ModelLoadError(
                f"the control vector '{path}' has a tensor {tensor.name} that is no F32 direction"
            )
        yield int(layer), _read(tensor, path)


def _read(tensor: Tensor, path: str) -> Direction:
    n = tensor.n_bytes // np.dtype(np.float32).itemsize
    direction = np.fromfile(path, np.float32, n, offset=tensor.start)
    if direction.size < n:
        raise ModelLoadError(f"the control vector '{path}' ends too early")
    return direction
