"""Which models with an encoder can be run for what."""

from __future__ import annotations

from typing import Any

import llama_cpp


def refusal_of(model: Any, purpose: str) -> str | None:  # noqa: ANN401 - a ctypes pointer
    """Return why a model cannot be run for `purpose`, None if it can.

    Encoders without a memory, BERT for one, are no encoders by llama.cpp's count; their context tells.
    """
    if not llama_cpp.llama_model_has_encoder(model):
        return None
    if llama_cpp.llama_model_has_decoder(model):
        return "has an encoder and a decoder; Corral runs models with one of them"
    if purpose == "generate":
        return "is an encoder: it makes vectors, not text. Start with --embedding"
    return None


def encodes(model: Any) -> bool:  # noqa: ANN401 - a ctypes pointer
    """Whether `llama_encode` is the call that computes; for all others it is `llama_decode`."""
    return bool(llama_cpp.llama_model_has_encoder(model))
