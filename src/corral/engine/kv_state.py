"""Whether bytes are a KV state that llama.cpp will take: nothing in it may send it astray. Pure.

A state as `llama_state_seq_get_data` of version 3 writes it for a plain KV cache, in little-endian words:

    n_stream, then for each stream its number of cells and, unless that is 0:
    for each cell    position i32, n_seq_id u32 (1), seq_id i32
    v_trans u32, n_layer u32
    for each layer   type i32, row u64, n_cells * row bytes of keys
    for each layer   the same of values; with v_trans type i32, element u32, width u32, bytes of all three

Source: llama.cpp, src/llama-kv-cache.cpp, `state_write`. What other kinds of memory write is not told here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from corral.engine.ports import State

MAX_STREAMS = 256
MAX_LAYERS = 4096
_CELL_WORDS = 3


class _UnsoundError(Exception):
    """The bytes are something else."""


@dataclass(slots=True)
class _Reader:
    """A place in the bytes."""

    state: State
    at: int = 0

    def take(self, form: str) -> tuple[int, ...]:
        """Return the next numbers, packed as `form` says."""
        size = struct.calcsize(form)
        start = self.skip(size)
        return struct.unpack(form, self.state[start : start + size].tobytes())

    def skip(self, n_bytes: int) -> int:
        """Pass over `n_bytes`, which there must be; return where they began."""
        start = self.at
        if n_bytes > len(self.state) - start:
            raise _UnsoundError
        self.at += n_bytes
        return start


def is_plain_state(state: State, n_tokens: int) -> bool:
    """Return whether `state` is all that of one sequence with the positions 0 to `n_tokens` - 1."""
    reader = _Reader(state)
    try:
        (n_streams,) = reader.take("<I")
        if not 1 <= n_streams <= MAX_STREAMS:
            return False
        counts = [_stream(reader) for _ in range(n_streams)]
    except _UnsoundError:
        return False
    return sorted(counts) == [0] * (n_streams - 1) + [n_tokens] and reader.at == len(state)


def _stream(reader: _Reader) -> int:
    (n_cells,) = reader.take("<I")
    if n_cells:
        _cells(reader, n_cells)
        is_v_transposed, n_layers = reader.take("<II")
        if is_v_transposed > 1 or n_layers > MAX_LAYERS:
            raise _UnsoundError
        for _ in range(n_layers):
            _rows(reader, n_cells)
        for _ in range(n_layers):
            (_columns if is_v_transposed else _rows)(reader, n_cells)
    return n_cells


def _cells(reader: _Reader, n_cells: int) -> None:
    """Pass over the cells: each of one sequence, their positions 0 to n_cells - 1 in any order."""
    start = reader.skip(n_cells * _CELL_WORDS * 4)
    words = reader.state[start : reader.at].copy().view("<i4").reshape(n_cells, _CELL_WORDS)
    if not np.array_equal(np.sort(words[:, 0]), np.arange(n_cells)) or (words[:, 1] != 1).any():
        raise _UnsoundError


def _rows(reader: _Reader, n_cells: int) -> None:
    _, row = reader.take("<iQ")
    reader.skip(row * n_cells)


def _columns(reader: _Reader, n_cells: int) -> None:
    _, element, width = reader.take("<iII")
    reader.skip(element * width * n_cells)
