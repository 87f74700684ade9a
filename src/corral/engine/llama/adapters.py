"""LoRA adapters: small files of changes to a model's weights, added while it computes."""

from __future__ import annotations

import ctypes
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import llama_cpp

from corral.core.engine_settings import AdapterSettings, LoraSettings
from corral.core.errors import ModelLoadError
from corral.core.messages import LoraFacts
from corral.engine.llama.aborts import loading
from corral.engine.llama.library import Library
from corral.engine.llama.model import Model
from corral.engine.loras import Loras

_GGUF = b"GGUF"
_TEXT_BYTES = 64 * 1024


class Adapters:
    """Owner of the `llama_adapter_lora *`s of a model. Make it before the context, which counts their nodes.

    Raises `ModelLoadError` for a file that is no adapter of this model.
    """

    def __init__(self, library: Library, model: Model, settings: AdapterSettings) -> None:
        self._in_use: Loras = ()
        with ExitStack() as stack:
            self._pointers = [_load(stack, library, model, lora) for lora in settings.loras]
            self._owned = stack.pop_all()
        self.facts = [
            LoraFacts(
                path=lora.path,
                scale=lora.scale if settings.is_applied else 0.0,
                task_name=_text(pointer, b"adapter.lora.task_name"),
                prompt_prefix=_text(pointer, b"adapter.lora.prompt_prefix"),
            )
            for lora, pointer in zip(settings.loras, self._pointers, strict=True)
        ]

    def use(self, context: Any, loras: Loras) -> None:  # noqa: ANN401 - a ctypes pointer
        """Have the next decodes of `context` computed with this set, which replaces the whole one before."""
        if loras == self._in_use:
            return
        self._in_use = loras
        kinds = llama_cpp.llama_adapter_lora_p_ctypes * len(loras), ctypes.c_float * len(loras)
        pointers = kinds[0](*(self._pointers[adapter] for adapter, _ in loras))
        llama_cpp.llama_set_adapters_lora(
            context, pointers, len(loras), kinds[1](*(scale for _, scale in loras))
        )

    def close(self) -> None:
        """Free them; the contexts that used them are gone."""
        self._owned.close()


def _load(stack: ExitStack, library: Library, model: Model, lora: LoraSettings) -> Any:  # noqa: ANN401
    _check_header(lora.path)
    library.last_errors.clear()
    with loading(f"the LoRA adapter '{lora.path}'"):
        pointer = llama_cpp.llama_adapter_lora_init(model.pointer, os.fsencode(lora.path))
    if not pointer:
        reason = "; ".join(library.last_errors) or "llama.cpp gave no reason"
        raise ModelLoadError(f"failed to load the LoRA adapter '{lora.path}': {reason}")
    stack.callback(llama_cpp.llama_adapter_lora_free, pointer)
    if llama_cpp.llama_adapter_get_alora_n_invocation_tokens(pointer):
        raise ModelLoadError(
            f"'{lora.path}' is an activated LoRA, to be applied only behind its invocation tokens; "
            "Corral applies adapters to whole sequences"
        )
    return pointer


def _check_header(path: str) -> None:
    try:
        with Path(path).open("rb") as file:
            is_gguf = file.read(len(_GGUF)) == _GGUF
    except OSError as error:
        raise ModelLoadError(f"failed to load the LoRA adapter '{path}': {error.strerror}") from error
    if not is_gguf:
        raise ModelLoadError(f"failed to load the LoRA adapter '{path}': it is no GGUF file")


def _text(pointer: Any, key: bytes) -> str:  # noqa: ANN401 - a ctypes pointer
    buffer = ctypes.create_string_buffer(_TEXT_BYTES)
    n = llama_cpp.llama_adapter_meta_val_str(pointer, key, buffer, _TEXT_BYTES)
    return buffer.value.decode("utf-8", "replace") if n > 0 else ""
