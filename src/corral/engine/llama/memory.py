"""The KV cells of a context, by seq_id. Streams copy, unified shares; the calls are the same."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp
import numpy as np

from corral.engine.ports import State

_PREFIX_BYTES = 8  # magic and seq_id, which `llama_state_seq_get_data` puts in front and files do not have
_Octet = ctypes.POINTER(ctypes.c_uint8)


class LlamaMemory:
    """`Memory` over the `llama_memory_t` of a `llama_context`. Owns nothing: the context does."""

    def __init__(self, context: Any) -> None:  # noqa: ANN401 - a ctypes pointer
        self._context = context
        self._pointer = llama_cpp.llama_get_memory(context)

    def copy(self, source: int, target: int) -> None:
        """Give `target` all of `source`: only whole sequences can be copied between streams."""
        self.clear(target)
        llama_cpp.llama_memory_seq_cp(self._pointer, source, target, -1, -1)

    def trim(self, seq_id: int, n_keep: int) -> bool:
        """Forget from position `n_keep` on."""
        return bool(llama_cpp.llama_memory_seq_rm(self._pointer, seq_id, n_keep, -1))

    def clear(self, seq_id: int) -> None:
        """Forget all."""
        llama_cpp.llama_memory_seq_rm(self._pointer, seq_id, -1, -1)

    def span(self, seq_id: int) -> tuple[int, int]:
        """Return the ends; what a sliding window dropped is not held."""
        first = llama_cpp.llama_memory_seq_pos_min(self._pointer, seq_id)
        return int(first), int(llama_cpp.llama_memory_seq_pos_max(self._pointer, seq_id))

    def shift(self, seq_id: int, n_keep: int, n_discard: int, n_past: int) -> None:
        """Drop [n_keep, n_keep + n_discard) and slide what is behind; keys are turned at the next decode."""
        n_first = n_keep + n_discard
        llama_cpp.llama_memory_seq_rm(self._pointer, seq_id, n_keep, n_first)
        llama_cpp.llama_memory_seq_add(self._pointer, seq_id, n_first, n_past, -n_discard)

    def add(self, seq_id: int, first: int, end: int, delta: int) -> None:
        """Move positions; keys are turned at the next decode."""
        llama_cpp.llama_memory_seq_add(self._pointer, seq_id, first, end, delta)

    def divide(self, seq_id: int, first: int, end: int, divisor: int) -> None:
        """Divide positions."""
        llama_cpp.llama_memory_seq_div(self._pointer, seq_id, first, end, divisor)

    def state(self, seq_id: int) -> State:
        """Return a copy, as it stands in a file of llama.cpp behind the tokens."""
        return self._state(seq_id)[_PREFIX_BYTES:]

    def set_state(self, seq_id: int, state: State) -> bool:
        """Have llama.cpp read it; where it refuses, a part may be there already: that is cleared."""
        prefix = self._state(seq_id)[:_PREFIX_BYTES]
        whole = np.concatenate([prefix, state])
        if llama_cpp.llama_state_seq_set_data(self._context, _pointer(whole), len(whole), seq_id):
            return True
        self.clear(seq_id)
        return False

    def _state(self, seq_id: int) -> State:
        size = llama_cpp.llama_state_seq_get_size(self._context, seq_id)
        whole = np.empty(size, np.uint8)
        n = llama_cpp.llama_state_seq_get_data(self._context, _pointer(whole), size, seq_id)
        return whole[:n]


def _pointer(octets: State) -> Any:  # noqa: ANN401 - a ctypes pointer
    return octets.ctypes.data_as(_Octet)
