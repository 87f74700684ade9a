"""What samplers know of the model that they sample from."""

from __future__ import annotations

import ctypes
import functools
import math
from typing import Any

import llama_cpp

from corral.engine.llama.dry_links import DryLinks
from corral.engine.llama.vocabulary import LlamaVocabulary

_INFILL_PIECE_BYTES = 512  # llama.cpp's infill sampler throws for a longer piece, which would end the process


class SampledModel:
    """`vocabulary` is llama.cpp's, `newline` the id of the line feed (None: the vocabulary has none).

    `suppressed` is the bias on tokens that the model's file forbids, as llama-server heeds them.
    """

    def __init__(self, vocabulary: LlamaVocabulary, n_ctx: int) -> None:
        self.vocabulary: Any = vocabulary.pointer
        self.n_vocab = vocabulary.n_tokens
        newline = llama_cpp.llama_vocab_nl(self.vocabulary)
        self.newline = newline if newline >= 0 else None
        self.suppressed = tuple((token, -math.inf) for token in _suppressed(self.vocabulary))
        self.dry_links = DryLinks(self.vocabulary)
        self._n_ctx = n_ctx
        self._pieces = vocabulary

    def window(self, n_last: int) -> int:
        """Return how many last tokens a sampler remembers; -1 means the whole context.

        llama.cpp allocates what it is told, so that a larger number is bounded too.
        """
        return self._n_ctx if n_last < 0 else min(n_last, self._n_ctx)

    @functools.cached_property
    def can_infill(self) -> bool:
        """Whether llama.cpp's infill sampler, which must find an end token, can work on the vocabulary."""
        ends = llama_cpp.llama_vocab_eot(self.vocabulary), llama_cpp.llama_vocab_eos(self.vocabulary)
        pieces = (self._pieces.piece(token, is_special_shown=False) for token in range(self.n_vocab))
        return max(ends) >= 0 and all(len(piece) <= _INFILL_PIECE_BYTES for piece in pieces)

    def close(self) -> None:
        """Free what it keeps for the samplers. The samplers made before live on."""
        self.dry_links.close()


def _suppressed(vocabulary: Any) -> list[int]:  # noqa: ANN401 - a ctypes pointer
    n = ctypes.c_int32()
    tokens = llama_cpp.llama_vocab_get_suppress_tokens(vocabulary, ctypes.byref(n))
    return list(tokens[: n.value]) if n.value > 0 else []
