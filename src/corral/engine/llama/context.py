"""A context: KV memory and compute buffers over a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import llama_cpp

from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama.cores import available_memory_bytes, n_physical_cores, n_threads_for
from corral.engine.llama.library import Library
from corral.engine.llama.model import Model

AUTO_SLOTS = 4
AUTO_KV_BYTES = 4 * 1024**3  # what an unasked-for number of sequences may cost at most
PAD = 256  # llama.cpp rounds the cells of a sequence up to this
_FLASH_ATTN = {"auto": -1, "off": 0, "on": 1}  # enum llama_flash_attn_type, llama.h


@dataclass(frozen=True, slots=True)
class Shape:
    """The context in tokens: `n_slots` sequences of `n_ctx` each, `n_cells` cells in all."""

    n_ctx: int
    n_slots: int

    @property
    def n_cells(self) -> int:
        """All cells asked of llama.cpp."""
        return self.n_ctx * self.n_slots


def shape(settings: EngineSettings, n_ctx_train: int, kv_bytes_per_token: int, memory_bytes: int) -> Shape:
    """Return how the context is shared.

    `--parallel` given: the context is divided. Not given: every sequence has all of it, as many as fit into
    4 GiB or a quarter of the machine's memory, at most 4.
    """
    n_ctx = settings.n_ctx or n_ctx_train
    if settings.n_parallel is not None:
        return Shape(max(n_ctx // settings.n_parallel, 1), settings.n_parallel)
    budget = min(AUTO_KV_BYTES, memory_bytes // 4)
    n_fitting = budget // max(n_ctx * kv_bytes_per_token, 1)
    return Shape(n_ctx, max(1, min(AUTO_SLOTS, n_fitting)))


class Context:
    """Owner of a `llama_context *`."""

    def __init__(self, library: Library, model: Model, settings: EngineSettings) -> None:
        n_ctx_train = llama_cpp.llama_model_n_ctx_train(model.pointer)
        self.shape = shape(settings, n_ctx_train, model.kv_bytes_per_token(), available_memory_bytes())
        params = self._params(settings, llama_cpp.llama_model_size(model.pointer))
        self.pointer: Any = llama_cpp.llama_init_from_model(model.pointer, params)
        if not self.pointer:
            reason = "; ".join(library.last_errors) or "not enough memory, or a combination llama.cpp refuses"
            raise ModelLoadError(f"failed to create a context of {self.shape.n_cells} tokens: {reason}")
        self.memory = llama_cpp.llama_get_memory(self.pointer)
        self.n_batch = min(llama_cpp.llama_n_batch(self.pointer), settings.n_batch)

    def close(self) -> None:
        """Free memory and buffers."""
        llama_cpp.llama_free(self.pointer)

    def _params(self, settings: EngineSettings, model_bytes: int) -> Any:  # noqa: ANN401 - a ctypes struct
        params = llama_cpp.llama_context_default_params()
        n_threads = settings.cpu.n_threads or n_threads_for(model_bytes, n_physical_cores())
        params.n_ctx = -(-self.shape.n_ctx // PAD) * PAD * self.shape.n_slots
        params.n_batch = settings.n_batch
        params.n_ubatch = min(settings.n_ubatch, settings.n_batch)
        params.n_seq_max = self.shape.n_slots
        params.n_threads = n_threads
        params.n_threads_batch = settings.cpu_batch.n_threads or n_threads
        params.flash_attn_type = _FLASH_ATTN[settings.flash_attn]
        params.kv_unified = settings.is_kv_unified
        params.swa_full = settings.is_swa_full
        params.no_perf = True
        return params
