"""Rows of embeddings instead of token ids: how an image comes into KV memory."""

from __future__ import annotations

import ctypes
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt
from llama_cpp import mtmd_cpp as mtmd

from corral.engine.llama.projector import LlamaMediaPrompt, LlamaProjector
from corral.engine.media import MediaPrompt, Span
from corral.engine.ports import DecodeError

N_MROPE = 4  # positions of one embedding row under M-RoPE: time, y, x and one that is unused

Positions = npt.NDArray[np.int32]


class MediaDecoder:
    """Computes images into the memory of a context. Owns neither the context nor the projector."""

    def __init__(self, context: Any, projector: LlamaProjector, n_batch: int) -> None:  # noqa: ANN401 - ctypes
        self._context = context
        self._projector = projector
        self._n_batch = n_batch

    def decode(
        self, prompt: MediaPrompt, span: Span, seq_id: int, *, position: int, is_last_output: bool
    ) -> None:
        """Compute the rows of an image, the first at `position`. Raises `InternalError`, `DecodeError`."""
        assert isinstance(prompt, LlamaMediaPrompt)
        rows = self._projector.embeddings(prompt, span)
        positions = self._positions(prompt, span, position)
        is_causal = self._projector.is_causal(prompt, span)
        llama_cpp.llama_set_causal_attn(self._context, is_causal)
        try:
            for first in range(0, span.n_tokens, self._n_batch):
                part = slice(first, min(first + self._n_batch, span.n_tokens))
                is_output = is_last_output and part.stop == span.n_tokens
                self._decode(rows[part], positions[:, part], seq_id, is_output=is_output)
        finally:
            llama_cpp.llama_set_causal_attn(self._context, True)

    def _positions(self, prompt: LlamaMediaPrompt, span: Span, position: int) -> Positions:
        """Return the positions [1 or N_MROPE, n_tokens]."""
        plain = np.arange(position, position + span.n_tokens, dtype=np.int32)
        if not self._projector.has_mrope:
            return plain[None, :]
        image = mtmd.mtmd_input_chunk_get_tokens_image(prompt.chunk(span))
        if not image:
            return np.tile(plain, (N_MROPE, 1))
        found = (mtmd.mtmd_decoder_pos * span.n_tokens)()
        mtmd.mtmd_helper_image_get_decoder_pos(image, position, found)
        t, x, y, z = np.ctypeslib.as_array(found).view(np.uint32).reshape(-1, N_MROPE).T
        return np.stack([t, y, x, z]).astype(np.int32)

    def _decode(
        self, rows: npt.NDArray[np.float32], positions: Positions, seq_id: int, *, is_output: bool
    ) -> None:
        n_rows = len(rows)
        flat = np.ascontiguousarray(positions)
        counts = np.ones(n_rows, np.int32)
        seq_ids = np.array([seq_id], np.int32)
        pointers = np.full(n_rows, seq_ids.ctypes.data, np.uintp)
        outputs = np.zeros(n_rows, np.int8)
        outputs[-1] = is_output
        batch = llama_cpp.llama_batch()
        batch.n_tokens = n_rows
        for name, array in (
            ("embd", rows),
            ("pos", flat),
            ("n_seq_id", counts),
            ("seq_id", pointers),
            ("logits", outputs),
        ):
            kind = type(getattr(batch, name))
            setattr(batch, name, ctypes.cast(array.ctypes.data, kind))
        status = llama_cpp.llama_decode(self._context, batch)
        if status:
            raise DecodeError(f"llama_decode returned {status} for an image of {n_rows} rows")
