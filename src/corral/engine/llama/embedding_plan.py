"""How a context for vectors is cut: decided from the model's header and the settings."""

from __future__ import annotations

from dataclasses import dataclass

import llama_cpp
import msgspec

from corral.core.engine_settings import EngineSettings
from corral.core.main_memory import available_memory_bytes
from corral.engine.llama.model import Model

POOLINGS = ("none", "mean", "cls", "last", "rank")  # their places are enum llama_pooling_type, llama.h

_NO_ROPE = -1  # LLAMA_ROPE_TYPE_NONE, llama.h
_N_INPUTS = 32
_N_STATES = 4  # a recurrent model holds a whole state for each input
_KV_BYTES = 4 * 1024**3  # what the unasked-for context of a model may cost at most


@dataclass(frozen=True, slots=True)
class EmbeddingPlan:
    """Sizes in tokens, but for `n_inputs`.

    `n_ctx` bounds one input, `n_rows` one batch, which is one physical batch: pooling looks at no more.
    `is_splittable`: the last token alone makes the vector and sees all before it, so an input may come in
    parts. `n_cells` is the KV memory that this takes.
    """

    pooling: str
    is_splittable: bool
    n_ctx: int
    n_rows: int
    n_inputs: int

    @property
    def n_input(self) -> int:
        """The longest input."""
        return self.n_ctx if self.is_splittable else self.n_rows

    @property
    def n_cells(self) -> int:
        """Cells for the longest input, or for a batch."""
        return self.n_input

    def settings(self, settings: EngineSettings) -> EngineSettings:
        """Return `settings` for a context of this plan: one pool of cells, in which no batch is divided."""
        return msgspec.structs.replace(
            settings,
            n_ctx=self.n_cells,
            n_parallel=1,
            n_batch=self.n_rows,
            n_ubatch=self.n_rows,
            is_kv_unified=True,
        )


def plan_for(model: Model, settings: EngineSettings) -> EmbeddingPlan:
    """Return the plan of a loaded model."""
    pooling = _pooling(model, settings)
    is_splittable = pooling in ("last", "rank") and _is_causal(model)
    n_ubatch = min(settings.n_ubatch, settings.n_batch)
    n_ctx = _n_ctx(model, settings, n_ubatch)
    n_rows = min(n_ubatch, n_ctx)
    n_inputs = settings.n_parallel or (_N_STATES if model.is_recurrent else _N_INPUTS)
    return EmbeddingPlan(pooling, is_splittable, n_ctx, n_rows, min(n_inputs, n_rows))


def _pooling(model: Model, settings: EngineSettings) -> str:
    if settings.purpose == "rank":
        return "rank"
    code = model.number("pooling_type", 0)
    own = POOLINGS[code] if 0 <= code < len(POOLINGS) else "none"
    return settings.pooling or own


def _is_causal(model: Model) -> bool:
    architecture = model.metadata.get("general.architecture", "")
    return model.metadata.get(f"{architecture}.attention.causal", "true") != "false"


def _n_ctx(model: Model, settings: EngineSettings, n_ubatch: int) -> int:
    """Return the longest input that the context allows.

    A model with a table of positions has no more than it was trained with: llama.cpp would read beyond it.
    Encoders may have one even where llama.cpp calls their positions rotary.
    """
    n_train: int = llama_cpp.llama_model_n_ctx_train(model.pointer)
    if settings.n_ctx is not None:
        has_table = llama_cpp.llama_model_rope_type(model.pointer) == _NO_ROPE or not _is_causal(model)
        return min(settings.n_ctx, n_train) if has_table else settings.n_ctx
    n_affordable = min(_KV_BYTES, available_memory_bytes() // 4) // max(model.cell_bytes(settings), 1)
    return min(n_train, max(n_affordable, n_ubatch))
