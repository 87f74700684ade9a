"""The memory for what is in flight while rows are computed."""

from __future__ import annotations

from corral.catalog.context_size import ContextSize
from corral.catalog.gguf_header import GgufHeader
from corral.core.engine_settings import EngineSettings

_F32_BYTES, _F16_BYTES = 4, 2
_CANDIDATE_BYTES = 12  # llama_token_data, llama.h
_N_SAMPLER_THREADS = 2


def activation_bytes(header: GgufHeader, engine: EngineSettings, size: ContextSize) -> int:
    """Return what the largest graph of `n_ubatch` rows holds at once.

    Per row four of the model's width, and three of the feed-forward (gate, up, and their product) or five of
    a recurrent layer's inner width, which live together in a layer; the mask over all cells; without flash
    attention the scores of all heads over all cells too (`build_ffn`, `build_attn_mha`, `build_attn_inp_kv`
    in llama-graph.cpp, `build_mamba_layer`).
    """
    n_inner = header.recurrence.n_inner if header.recurrence else 0
    n_widths = max(3 * header.n_ff, 5 * n_inner) + 4 * header.n_embd
    return size.n_ubatch * (n_widths * _F32_BYTES + size.n_cells * _cell_bytes(header, engine))


def logits_bytes(header: GgufHeader, size: ContextSize) -> int:
    """Return the rows of logits, as computed and as copied out (`output_reserve`, llama-context.cpp).

    For texts one row for each sequence, and the sampler's candidates on each of its threads. An engine for
    vectors gets logits too, one row for each token of a batch; they are copied out for none.
    """
    return 2 * size.n_outputs * header.n_vocab * _F32_BYTES + _candidates_bytes(header, size)


def _candidates_bytes(header: GgufHeader, size: ContextSize) -> int:
    return min(size.n_sequences, _N_SAMPLER_THREADS) * header.n_vocab * _CANDIDATE_BYTES


def _cell_bytes(header: GgufHeader, engine: EngineSettings) -> int:
    """Return what a row has for each cell."""
    if engine.flash_attn != "off":
        return _F16_BYTES
    return (header.attention.n_head + 2) * _F32_BYTES


def input_bytes(header: GgufHeader, size: ContextSize) -> int:
    """Return the embedded rows, which the host looks up for the devices."""
    return size.n_ubatch * header.n_embd * _F32_BYTES


def device_compute_bytes(
    header: GgufHeader, engine: EngineSettings, size: ContextSize, *, has_output: bool
) -> int:
    """Return the compute buffer of a device, where all that is reserved is taken.

    `sched_reserve` (llama-context.cpp) asks for the logits of all rows. `has_output`: they are made there.
    """
    n_wide = header.n_vocab + 2 * header.n_embd if has_output else 0
    reserved = size.n_ubatch * n_wide * _F32_BYTES
    return max(reserved, activation_bytes(header, engine, size))
