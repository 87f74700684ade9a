"""A context: KV memory, compute buffers and threads over a model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llama_cpp

from corral.core import log
from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError
from corral.core.main_memory import available_memory_bytes
from corral.engine.llama.context_params import check_kv_types, check_memory, context_params, n_rows
from corral.engine.llama.library import Library
from corral.engine.llama.model import Model
from corral.engine.llama.shape import Shape, shape
from corral.engine.llama.threads import Threads

_log = log.get("llama")


class Context:
    """Owner of a `llama_context *` and of the threads that compute for it.

    `adjust` has the last word on its parameters.
    """

    def __init__(
        self,
        library: Library,
        model: Model,
        settings: EngineSettings,
        adjust: Callable[[Any], None] = lambda _params: None,
    ) -> None:
        self.cell_bytes = model.cell_bytes(settings)
        self.shape = self._checked_shape(model, settings)
        params = context_params(settings, self.shape, llama_cpp.llama_model_size(model.pointer))
        adjust(params)
        self.pointer: Any = llama_cpp.llama_init_from_model(model.pointer, params)
        if not self.pointer:
            reason = "; ".join(library.last_errors) or "not enough memory, or a combination llama.cpp refuses"
            raise ModelLoadError(f"failed to create a context of {self.shape.n_cells} tokens: {reason}")
        self._has_perf = settings.has_perf
        self.memory = llama_cpp.llama_get_memory(self.pointer)
        self.n_batch = min(llama_cpp.llama_n_batch(self.pointer), n_rows(settings, self.shape))
        try:
            self.threads = Threads(self.pointer, settings.cpu, settings.cpu_batch)
        except BaseException:
            llama_cpp.llama_free(self.pointer)
            raise

    def close(self) -> None:
        """Free threads, memory and buffers."""
        self.threads.close()
        self.leave()
        llama_cpp.llama_free(self.pointer)

    def leave(self) -> None:
        """Log what is to be known in the end."""
        if self._has_perf:
            self._log_perf()

    def _checked_shape(self, model: Model, settings: EngineSettings) -> Shape:
        check_kv_types(settings, model.heads())
        n_ctx_train = llama_cpp.llama_model_n_ctx_train(model.pointer)
        shared = shape(settings, n_ctx_train, self.cell_bytes, available_memory_bytes())
        if model.has_plain_cache and not settings.device.n_gpu_layers:
            check_memory(shared, self.cell_bytes, available_memory_bytes())
        return shared

    def _log_perf(self) -> None:
        """Log llama.cpp's own figures since the load (`--perf`)."""
        perf = llama_cpp.llama_perf_context(self.pointer)
        _log.info(
            "llama.perf",
            load_ms=round(perf.t_load_ms, 1),
            prefill_ms=round(perf.t_p_eval_ms, 1),
            n_prefill=perf.n_p_eval,
            decode_ms=round(perf.t_eval_ms, 1),
            n_decode=perf.n_eval,
            n_graphs_reused=perf.n_reused,
        )
