"""The memory that a context keeps of its tokens, layer by layer."""

from __future__ import annotations

from corral.catalog.cell_types import row_bytes
from corral.catalog.context_size import PAD, ContextSize
from corral.catalog.gguf_header import GgufHeader
from corral.catalog.gguf_weights import LayerWeights
from corral.core.engine_settings import EngineSettings

_F32_BYTES = 4


def layer_kv_bytes(header: GgufHeader, engine: EngineSettings, size: ContextSize) -> list[int]:
    """Return for each layer the bytes of its KV cells and of its recurrent states."""
    layers = range(len(header.attention.n_head_kv))
    return [_cells(header, engine, size, layer) + _states(header, size, layer) for layer in layers]


def n_cells_of(header: GgufHeader, engine: EngineSettings, size: ContextSize, layer: int) -> int:
    """Return the cells of a stream: of a window its length and a batch, the padded sum (`size_swa`).

    Source: llama-kv-cache-iswa.cpp.
    """
    attention = header.attention
    if engine.is_swa_full or not attention.has_window[layer]:
        return size.n_cells
    n_window = attention.n_swa * (size.n_sequences if size.n_streams == 1 else 1) + size.n_ubatch
    return -(-min(size.n_cells, n_window) // PAD) * PAD


def _cells(header: GgufHeader, engine: EngineSettings, size: ContextSize, layer: int) -> int:
    """Return `n_stream * kv_size` rows of keys and values (llama-kv-cache.cpp)."""
    weights = _weights(header, layer)
    if weights is not None and weights.has_state and not weights.has_keys:
        return 0
    key, value = header.attention.row(layer)
    row = row_bytes(engine.kv_type_k, key) + row_bytes(engine.kv_type_v, value)
    return size.n_streams * n_cells_of(header, engine, size, layer) * row


def _states(header: GgufHeader, size: ContextSize, layer: int) -> int:
    """Return one state of F32 for each sequence (llama-memory-recurrent.cpp)."""
    weights = _weights(header, layer)
    if header.recurrence is None or weights is None or not weights.has_state:
        return 0
    n_elements = header.recurrence.n_shift + header.recurrence.n_state
    return size.n_sequences * n_elements * _F32_BYTES


def _weights(header: GgufHeader, layer: int) -> LayerWeights | None:
    layers = header.weights.layers
    return layers[layer] if layer < len(layers) else None
