"""How large a context an engine will make of its options, foretold from the header.

The engine decides by itself when it has loaded the model (`corral.engine.llama.shape` and `embedding_plan`);
what is here follows it, and a test holds both together.
"""

from __future__ import annotations

from dataclasses import dataclass

from corral.catalog.cell_types import row_bytes
from corral.catalog.gguf_header import GgufHeader
from corral.core.engine_settings import EngineSettings

AUTO_SLOTS = 4
AUTO_KV_BYTES = 4 * 1024**3
PAD = 256
_N_INPUTS = 32
_N_STATES = 4


@dataclass(frozen=True, slots=True)
class ContextSize:
    """Sizes in tokens. `n_streams` pools of `n_cells` each serve `n_sequences`.

    A pass computes `n_ubatch` rows at most, and `n_outputs` of them give logits, or vectors.
    """

    n_sequences: int
    n_streams: int
    n_cells: int
    n_ubatch: int
    n_outputs: int


def context_size(header: GgufHeader, engine: EngineSettings, machine_bytes: int | None) -> ContextSize:
    """Return what the engine will make; `machine_bytes` None: a machine with plenty of memory."""
    budget = AUTO_KV_BYTES if machine_bytes is None else min(AUTO_KV_BYTES, machine_bytes // 4)
    if engine.purpose == "generate":
        return _for_texts(header, engine, budget // max(_cell_bytes(header, engine), 1))
    return _for_vectors(header, engine, budget // max(_cell_bytes(header, engine), 1))


def _for_texts(header: GgufHeader, engine: EngineSettings, n_affordable: int) -> ContextSize:
    n_ctx, n_slots = _shared(header, engine, n_affordable)
    n_padded = -(-n_ctx // PAD) * PAD
    n_streams = 1 if engine.is_kv_unified else n_slots
    n_cells = n_padded * n_slots // n_streams
    n_ubatch = min(engine.n_ubatch, engine.n_batch, n_padded * n_slots)
    return ContextSize(n_slots, n_streams, n_cells, n_ubatch, n_slots)


def _shared(header: GgufHeader, engine: EngineSettings, n_affordable: int) -> tuple[int, int]:
    """Return the context of a sequence and their number, as `shape.shape` does."""
    per_slot = engine.n_ctx_slot
    n_ctx = engine.n_ctx or per_slot or header.n_ctx_train
    if engine.n_parallel is not None:
        share = n_ctx // engine.n_parallel if engine.n_ctx or not per_slot else n_ctx
        return max(min(share, per_slot or share), 1), engine.n_parallel
    n_ctx = min(n_ctx, per_slot or n_ctx)
    return n_ctx, max(1, min(AUTO_SLOTS, n_affordable // max(n_ctx, 1)))


def _for_vectors(header: GgufHeader, engine: EngineSettings, n_affordable: int) -> ContextSize:
    """Return the sizes as `plan_for` and `EmbeddingPlan.settings` of the engine do."""
    n_ubatch = min(engine.n_ubatch, engine.n_batch)
    n_train = header.n_ctx_train
    if engine.n_ctx is None:
        n_ctx = min(n_train, max(n_affordable, n_ubatch))
    else:
        n_ctx = engine.n_ctx if header.is_causal else min(engine.n_ctx, n_train)
    n_rows = max(min(n_ubatch, n_ctx), 1)
    pooling = "rank" if engine.purpose == "rank" else engine.pooling or header.pooling
    n_cells = n_ctx if pooling in ("last", "rank") and header.is_causal else n_rows
    n_inputs = engine.n_parallel or (_N_INPUTS if header.recurrence is None else _N_STATES)
    return ContextSize(min(n_inputs, n_rows), 1, -(-n_cells // PAD) * PAD, n_rows, n_rows)


def _cell_bytes(header: GgufHeader, engine: EngineSettings) -> int:
    """Return the size of a cell as `Model.cell_bytes` guesses it: all layers are like the first."""
    attention = header.attention
    n = max(next(iter(attention.n_head_kv), 0), 1)
    key = row_bytes(engine.kv_type_k, n * attention.key_length)
    return header.n_layers * (key + row_bytes(engine.kv_type_v, n * attention.value_length))
