"""The tensors that a GGUF header describes: checked, never read."""

from __future__ import annotations

import math
from typing import NamedTuple

from corral.catalog.gguf_cursor import Cursor
from corral.catalog.gguf_types import TENSOR_TYPES, TensorType

MAX_TENSORS = 65_536
_MAX_NAME_BYTES = 63  # GGML_MAX_NAME, with the NUL that C puts behind
_MAX_DIMS = 4  # GGML_MAX_DIMS
_MAX_ELEMENTS = 2**63 - 1
_SHORTEST_TENSOR = 8 + 4 + 4 + 8


class Tensor(NamedTuple):
    """`dims` come fastest first, as in ggml; `offset` counts from the beginning of the tensors' data."""

    name: str
    type: TensorType
    dims: tuple[int, ...]
    offset: int

    @property
    def n_elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.dims)

    @property
    def n_bytes(self) -> int:
        """How many bytes they take."""
        return self.n_elements // self.type.n_block * self.type.block_bytes


def read_tensors(cursor: Cursor, n: int, alignment: int) -> list[Tensor]:
    """Return the next `n` tensors, which end the header. Raises `ModelLoadError`, also for a truncated file.

    Checked as `gguf_init_from_file` does (gguf.cpp): each begins where the one before ended, rounded up.
    """
    if n * _SHORTEST_TENSOR > cursor.n_left or n > MAX_TENSORS:
        raise cursor.fault(f"it claims {n:,} tensors, more than it can hold or any model has")
    tensors: dict[str, Tensor] = {}
    end = n_bytes = 0
    for _ in range(n):
        tensor = _tensor(cursor)
        if tensor.name in tensors:
            raise cursor.fault(f"the tensor {tensor.name!r} comes twice")
        if tensor.offset != end:
            raise cursor.fault(f"the tensor {tensor.name!r} begins at {tensor.offset:,}, not at {end:,}")
        tensors[tensor.name] = tensor
        n_bytes = end + tensor.n_bytes
        end = _padded(n_bytes, alignment)
    if tensors:
        _check_length(cursor, _padded(cursor.position, alignment) + n_bytes)
    return list(tensors.values())


def _tensor(cursor: Cursor) -> Tensor:
    name = cursor.text(_MAX_NAME_BYTES, "the name of a tensor")
    n_dims = cursor.u32()
    if n_dims > _MAX_DIMS:
        raise cursor.fault(f"the tensor {name!r} has {n_dims} dimensions")
    dims = tuple(cursor.u64() for _ in range(n_dims)) or (1,)
    code = cursor.u32()
    kind = TENSOR_TYPES.get(code)
    if kind is None:
        raise cursor.fault(f"the tensor {name!r} has the unknown type {code}")
    if max(dims) > _MAX_ELEMENTS or math.prod(dims) > _MAX_ELEMENTS:
        raise cursor.fault(f"the tensor {name!r} has the impossible shape {dims}")
    if dims[0] % kind.n_block:
        raise cursor.fault(f"rows of {dims[0]} in {name!r} do not divide into blocks of {kind.name}")
    return Tensor(name, kind, dims, cursor.u64())


def _check_length(cursor: Cursor, n_bytes: int) -> None:
    if n_bytes > cursor.n_bytes:
        raise cursor.fault(
            f"it has {cursor.n_bytes:,} bytes and should have {n_bytes:,}; get it again, it is not whole"
        )


def _padded(n: int, alignment: int) -> int:
    return -(-n // alignment) * alignment
