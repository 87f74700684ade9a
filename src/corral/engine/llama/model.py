"""A loaded GGUF model: its weights, and what its header says."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import llama_cpp

from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError, NotSupportedError
from corral.engine.llama.library import Library

_PROGRESS_STEP = 0.01
_VALUE_BYTES = 1024 * 1024  # chat templates are the longest values


class Model:
    """Owner of a `llama_model *`."""

    def __init__(
        self, library: Library, path: str, settings: EngineSettings, progress: Callable[[float], None]
    ) -> None:
        self._last_progress = 0.0
        self._report = progress
        params = self._params(settings)
        self.pointer: Any = llama_cpp.llama_model_load_from_file(path.encode(), params)
        if not self.pointer:
            reason = "; ".join(library.last_errors) or "llama.cpp gave no reason"
            raise ModelLoadError(f"failed to load model '{path}': {reason}")
        if llama_cpp.llama_model_has_encoder(self.pointer):
            self.close()
            raise NotSupportedError(f"'{path}' has an encoder; only decoder models generate text here")
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

    def kv_bytes_per_token(self) -> int:
        """Return the size of one KV cell over all layers at f16, in bytes: an estimate from the header."""
        pointer = self.pointer
        n_head = max(llama_cpp.llama_model_n_head(pointer), 1)
        n_head_kv = max(llama_cpp.llama_model_n_head_kv(pointer), 1)
        head = llama_cpp.llama_model_n_embd(pointer) // n_head
        widths = self.number("attention.key_length", head) + self.number("attention.value_length", head)
        return int(llama_cpp.llama_model_n_layer(pointer) * n_head_kv * widths * 2)

    def _params(self, settings: EngineSettings) -> Any:  # noqa: ANN401 - a ctypes struct
        params = llama_cpp.llama_model_default_params()
        params.n_gpu_layers = settings.device.n_gpu_layers
        params.load_mode = settings.is_mmap * 1 + settings.is_mlock * 2  # enum llama_load_mode, llama.h
        self._callback = llama_cpp.llama_progress_callback(self._on_progress)  # kept alive while loading
        params.progress_callback = self._callback
        return params

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
