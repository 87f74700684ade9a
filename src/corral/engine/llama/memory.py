"""The KV cells of a context, by seq_id. Streams copy, unified shares; the calls are the same."""

from __future__ import annotations

from typing import Any

import llama_cpp


class LlamaMemory:
    """`Memory` over a `llama_memory_t`. Owns nothing: the context does."""

    def __init__(self, pointer: Any) -> None:  # noqa: ANN401 - a ctypes pointer
        self._pointer = pointer

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

    def shift(self, seq_id: int, n_keep: int, n_discard: int, n_past: int) -> None:
        """Drop [n_keep, n_keep + n_discard) and slide what is behind; keys are turned at the next decode."""
        n_first = n_keep + n_discard
        llama_cpp.llama_memory_seq_rm(self._pointer, seq_id, n_keep, n_first)
        llama_cpp.llama_memory_seq_add(self._pointer, seq_id, n_first, n_past, -n_discard)
