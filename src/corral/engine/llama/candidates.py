"""The candidates of one draw: llama.cpp's `llama_token_data_array`, seen through numpy."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt

from corral.engine.llama.buffers import Logits

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])  # llama_token_data

Items = npt.NDArray[np.void]  # of _CANDIDATE


class Candidates:
    """Tokens with their logits; samplers shrink, sort and change them, the last one selects.

    It begins as a copy of `logits` [n_vocab], of `ids` alone if they are given, in the order of the ids.
    """

    def __init__(self, logits: Logits, ids: npt.NDArray[np.int64] | None = None) -> None:
        n = len(logits) if ids is None else len(ids)
        self._own: Items = np.zeros(n, _CANDIDATE)
        self._own["id"] = np.arange(n, dtype=np.int32) if ids is None else ids
        self._own["logit"] = logits if ids is None else logits[ids]
        data = ctypes.cast(self._own.ctypes.data, llama_cpp.llama_token_data_p)
        self._array = llama_cpp.llama_token_data_array(data, n, -1, False)

    @property
    def left(self) -> Items:
        """The candidates that are left: a view to read and write, valid until the next `apply`."""
        # A sampler may have moved the pointer, or put an array of its own in the place of ours.
        address = ctypes.cast(self._array.data, ctypes.c_void_p).value or 0
        size = self._array.size * _CANDIDATE.itemsize
        memory = (ctypes.c_char * size).from_address(address)
        memory.owner = self  # the view holds `memory`, which holds us
        return np.frombuffer(memory, _CANDIDATE)

    @property
    def token(self) -> int:
        """The selected one."""
        assert 0 <= self._array.selected < self._array.size, "no sampler selected a token"
        return int(self.left["id"][self._array.selected])

    def apply(self, link: Any) -> None:  # noqa: ANN401 - a ctypes pointer
        """Let a llama_sampler change them."""
        llama_cpp.llama_sampler_apply(link, ctypes.byref(self._array))

    def keep_best(self, n_kept: int) -> None:
        """Keep the `n_kept` of largest logit, best first."""
        if not self._array.sorted:
            left = self.left
            best = np.argpartition(-left["logit"], n_kept - 1)[:n_kept]
            left[:n_kept] = left[best[np.argsort(-left["logit"][best], kind="stable")]]
            self._array.sorted = True
        self._array.size = n_kept

    def unsort(self) -> None:
        """Note that logits were changed in place."""
        self._array.sorted = False

    def select_best(self) -> None:
        """Select the one with the largest logit, the first of equals."""
        self._array.selected = int(self.left["logit"].argmax())
