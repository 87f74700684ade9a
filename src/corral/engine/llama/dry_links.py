"""DRY samplers, made once for each set of parameters and then cloned."""

from __future__ import annotations

import ctypes
from collections import OrderedDict
from typing import Any

import llama_cpp

from corral.core.sampling import SamplingParams

_N_KEPT = 8

Key = tuple[float, float, int, int, tuple[str, ...]]


class DryLinks:
    """Owner of the originals.

    llama.cpp looks for each sequence breaker in every token of the vocabulary (30 ms for the four default
    ones and 150,000 tokens), while the other sequences wait for this one; a clone takes microseconds.
    """

    def __init__(self, vocabulary: Any) -> None:  # noqa: ANN401 - a ctypes pointer
        self._vocabulary = vocabulary
        self._originals: OrderedDict[Key, Any] = OrderedDict()

    def make(self, params: SamplingParams, n_window: int) -> Any:  # noqa: ANN401 - a ctypes pointer
        """Return a link of its own, which the caller frees."""
        key = (
            params.dry_multiplier,
            params.dry_base,
            params.dry_allowed_length,
            n_window,
            params.dry_sequence_breakers,
        )
        original = self._originals.pop(key, None) or self._original(*key)
        self._originals[key] = original
        if len(self._originals) > _N_KEPT:
            llama_cpp.llama_sampler_free(self._originals.popitem(last=False)[1])
        return llama_cpp.llama_sampler_clone(original)

    def close(self) -> None:
        """Free the originals."""
        while self._originals:
            llama_cpp.llama_sampler_free(self._originals.popitem()[1])

    def _original(
        self, multiplier: float, base: float, allowed_length: int, n_window: int, breakers: tuple[str, ...]
    ) -> Any:  # noqa: ANN401 - a ctypes pointer
        texts = [text.encode("utf-8", "replace") for text in breakers]
        return llama_cpp.llama_sampler_init_dry(
            self._vocabulary,
            multiplier,
            base,
            allowed_length,
            n_window,
            (ctypes.c_char_p * len(texts))(*texts),
            len(texts),
        )
