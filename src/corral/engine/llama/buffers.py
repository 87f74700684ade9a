"""numpy views over llama.cpp's own arrays: filled and read by slices, never copied."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt

from corral.engine.batch import Batch

Logits = npt.NDArray[np.float32]


class BatchBuffer:
    """Owner of a `llama_batch`; `batch` is a view over its arrays.

    Each row belongs to one sequence, so the row's `seq_id` pointer is set once, into one int32 array.
    """

    def __init__(self, n_max: int) -> None:
        self._struct: Any = llama_cpp.llama_batch_init(n_max, 0, 1)
        self._seq_ids = np.zeros(n_max, np.int32)
        self._pointers = self._pointers_into(self._seq_ids)
        self._own_seq_id = ctypes.cast(self._struct.seq_id, ctypes.c_void_p).value or 0
        self._struct.seq_id = ctypes.cast(self._pointers.ctypes.data, type(self._struct.seq_id))
        _view(self._struct.n_seq_id, n_max)[:] = 1
        self.batch = Batch(
            tokens=_view(self._struct.token, n_max),
            positions=_view(self._struct.pos, n_max),
            seq_ids=self._seq_ids,
            is_output=_view(self._struct.logits, n_max),
        )

    def struct(self, n_rows: int) -> Any:  # noqa: ANN401 - a ctypes struct
        """Return the C struct with the first `n_rows` rows."""
        self._struct.n_tokens = n_rows
        return self._struct

    def close(self) -> None:
        """Free it, with the pointers that llama.cpp allocated."""
        self._struct.seq_id = ctypes.cast(self._own_seq_id, type(self._struct.seq_id))
        llama_cpp.llama_batch_free(self._struct)

    @staticmethod
    def _pointers_into(array: npt.NDArray[np.int32]) -> npt.NDArray[np.uintp]:
        return (array.ctypes.data + np.arange(len(array), dtype=np.uintp) * array.itemsize).astype(np.uintp)


class LogitsView:
    """The output rows of the last decode, in batch order, as one array [n_outputs, n_vocab]."""

    def __init__(self, context: Any, n_vocab: int) -> None:  # noqa: ANN401 - a ctypes pointer
        self._context = context
        self._n_vocab = n_vocab
        self._address = 0
        self._rows: Logits = np.empty((0, n_vocab), np.float32)

    def rows(self, n_outputs: int) -> Logits:
        """Return the view. Valid until the next decode; also puts llama.cpp's rows in batch order."""
        pointer = llama_cpp.llama_get_logits(self._context)
        address = ctypes.cast(pointer, ctypes.c_void_p).value or 0
        if address != self._address or n_outputs > len(self._rows):
            self._address = address
            self._rows = np.ctypeslib.as_array(pointer, shape=(n_outputs, self._n_vocab))
        return self._rows[:n_outputs]


def _view(pointer: Any, n: int) -> npt.NDArray[Any]:  # noqa: ANN401 - a ctypes pointer
    return np.ctypeslib.as_array(pointer, shape=(n,))
