"""A loaded GGUF model: its weights, and what its header says."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from typing import Any

import llama_cpp

from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError, NotSupportedError
from corral.engine.llama.context_params import Heads
from corral.engine.llama.encoders import refusal_of
from corral.engine.llama.kv_types import KV_TYPES
from corral.engine.llama.library import Library
from corral.engine.llama.model_params import model_params

_PROGRESS_STEP = 0.01
_VALUE_BYTES = 1024 * 1024  # chat templates are the longest values


class Model:
    """Owner of a `llama_model *`."""

    def __init__(
        self, library: Library, path: str, settings: EngineSettings, progress: Callable[[float], None]
    ) -> None:
        self._last_progress = 0.0
        self._report = progress
        self.path = path
        params = model_params(settings)
        callback = llama_cpp.llama_progress_callback(self._on_progress)  # kept alive while loading
        params.struct.progress_callback = callback
        self.pointer: Any = llama_cpp.llama_model_load_from_file(os.fsencode(path), params.struct)
        if not self.pointer:
            reason = "; ".join(library.last_errors) or "llama.cpp gave no reason"
            raise ModelLoadError(f"failed to load model '{path}': {reason}")
        refusal = refusal_of(self.pointer, settings.purpose)
        if refusal:
            self.close()
            raise NotSupportedError(f"'{path}' {refusal}")
        self.metadata = self._metadata()

    def close(self) -> None:
        """Free the weights."""
        llama_cpp.llama_model_free(self.pointer)

    @property
    def is_recurrent(self) -> bool:
        """Whether its memory, or a part of it, is a state that cannot be cut."""
        pointer = self.pointer
        return bool(llama_cpp.llama_model_is_recurrent(pointer) or llama_cpp.llama_model_is_hybrid(pointer))

    @property
    def has_sliding_window(self) -> bool:
        """Whether some layers see only the last tokens."""
        return bool(llama_cpp.llama_model_n_swa(self.pointer) > 0)

    @property
    def chat_template(self) -> str | None:
        """The model's own Jinja source."""
        source = llama_cpp.llama_model_chat_template(self.pointer, None)
        return source.decode("utf-8", "replace") if source else None

    def number(self, key: str, default: int) -> int:
        """Return an integer of the header, `key` without the architecture in front."""
        architecture = self.metadata.get("general.architecture", "")
        try:
            return int(self.metadata[f"{architecture}.{key}"])
        except (KeyError, ValueError):  # absent, or one value per layer
            return default

    @property
    def has_plain_cache(self) -> bool:
        """Whether every layer keeps keys and values of every token, as `cell_bytes` assumes."""
        is_latent = self.number("attention.kv_lora_rank", 0) > 0
        return not (self.is_recurrent or self.has_sliding_window or is_latent)

    def heads(self) -> Heads:
        """Return the attention heads: an estimate from the header, where layers differ."""
        pointer = self.pointer
        size = llama_cpp.llama_model_n_embd(pointer) // max(llama_cpp.llama_model_n_head(pointer), 1)
        return Heads(
            n_kv=max(llama_cpp.llama_model_n_head_kv(pointer), 1),
            key=self.number("attention.key_length", size),
            value=self.number("attention.value_length", size),
        )

    def cell_bytes(self, settings: EngineSettings) -> int:
        """Return the size of one KV cell over all layers: an estimate from the header."""
        heads = self.heads()
        key, value = KV_TYPES[settings.kv_type_k], KV_TYPES[settings.kv_type_v]
        row_bytes = key.n_bytes(heads.n_kv * heads.key) + value.n_bytes(heads.n_kv * heads.value)
        return int(llama_cpp.llama_model_n_layer(self.pointer)) * row_bytes

    def _on_progress(self, fraction: float, _user_data: object) -> bool:
        if fraction - self._last_progress >= _PROGRESS_STEP:
            self._last_progress = fraction
            self._report(fraction)
        return True

    def _metadata(self) -> dict[str, str]:
        count = llama_cpp.llama_model_meta_count(self.pointer)
        by_index = llama_cpp.llama_model_meta_key_by_index, llama_cpp.llama_model_meta_val_str_by_index
        return {self._string(by_index[0], i): self._string(by_index[1], i) for i in range(count)}

    def _string(self, read: Callable[..., int], index: int) -> str:
        buffer = ctypes.create_string_buffer(_VALUE_BYTES)
        read(self.pointer, index, buffer, _VALUE_BYTES)
        return buffer.value.decode("utf-8", "replace")
