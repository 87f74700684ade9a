"""Settings as `llama_context_params`. Refuses what C would abort on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import llama_cpp

from corral.core.engine_settings import EngineSettings, RopeSettings
from corral.core.errors import ModelLoadError
from corral.engine.llama.cores import n_physical_cores, n_threads_for
from corral.engine.llama.kv_types import KV_TYPES
from corral.engine.llama.shape import Shape

# enum llama_flash_attn_type and llama_rope_scaling_type, llama.h
FLASH_ATTN = {"auto": -1, "off": 0, "on": 1}
ROPE_SCALING = {None: -1, "none": 0, "linear": 1, "yarn": 2}


@dataclass(frozen=True)
class Heads:
    """The attention heads of a model, as one layer has them: sizes in elements."""

    n_kv: int
    key: int
    value: int


def context_params(settings: EngineSettings, shape: Shape, model_bytes: int) -> Any:  # noqa: ANN401 - ctypes
    """Return the `llama_context_params` of a context of this shape."""
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = shape.n_padded
    params.n_batch = n_rows(settings, shape)
    params.n_ubatch = min(settings.n_ubatch, settings.n_batch)
    params.n_seq_max = shape.n_slots
    params.n_threads = n_threads(settings.cpu.n_threads, model_bytes)
    params.n_threads_batch = (
        params.n_threads
        if settings.cpu_batch.n_threads is None
        else n_threads(settings.cpu_batch.n_threads, model_bytes)
    )
    params.flash_attn_type = FLASH_ATTN[settings.flash_attn]
    params.type_k = KV_TYPES[settings.kv_type_k].code
    params.type_v = KV_TYPES[settings.kv_type_v].code
    params.kv_unified = settings.is_kv_unified
    params.swa_full = settings.is_swa_full
    params.offload_kqv = settings.device.is_kv_offloaded
    params.op_offload = settings.device.is_op_offloaded
    params.no_perf = not settings.has_perf
    _set_rope(params, settings.rope)
    return params


def n_rows(settings: EngineSettings, shape: Shape) -> int:
    """Return the rows of a batch: as asked, but one for each sequence at least, or llama.cpp aborts."""
    return max(settings.n_batch, shape.n_slots)


def _set_rope(params: Any, rope: RopeSettings) -> None:  # noqa: ANN401 - a ctypes struct
    """Set what is given; what is not keeps llama.cpp's word for "as the model has it"."""
    params.rope_scaling_type = ROPE_SCALING[rope.scaling]
    given = {
        "rope_freq_base": rope.freq_base,
        "rope_freq_scale": rope.freq_scale,
        "yarn_orig_ctx": rope.yarn_orig_ctx,
        "yarn_ext_factor": rope.yarn_ext_factor,
        "yarn_attn_factor": rope.yarn_attn_factor,
        "yarn_beta_slow": rope.yarn_beta_slow,
        "yarn_beta_fast": rope.yarn_beta_fast,
    }
    for name, value in given.items():
        if value is not None:
            setattr(params, name, value)


def n_threads(asked: int | None, model_bytes: int) -> int:
    """Return how many threads compute: as asked, 0 for all, None for what the model is worth."""
    if asked is None:
        return n_threads_for(model_bytes, n_physical_cores())
    return min(asked or os.cpu_count() or 1, 512)  # GGML_MAX_N_THREADS, ggml.h


def check_kv_types(settings: EngineSettings, heads: Heads) -> None:
    """Raise `ModelLoadError` where the model cannot have a KV cache of these types."""
    if KV_TYPES[settings.kv_type_v].is_quantised and settings.flash_attn == "off":
        raise ModelLoadError(
            f"--cache-type-v {settings.kv_type_v}: quantized V cache requires flash_attn to be enabled; "
            "give --flash-attn on, or leave it out"
        )
    for flag, name, size in (("-k", settings.kv_type_k, heads.key), ("-v", settings.kv_type_v, heads.value)):
        n_block = KV_TYPES[name].n_block
        if size % n_block:
            raise ModelLoadError(
                f"--cache-type{flag} {name}: blocks of {n_block} do not divide the model's heads of {size}; "
                "give f16, bf16 or f32"
            )


def check_memory(shape: Shape, cell_bytes: int, memory_bytes: int) -> None:
    """Raise `ModelLoadError` for a KV cache larger than the machine: the system would end the process."""
    n_bytes = shape.n_padded * cell_bytes
    if n_bytes > memory_bytes:
        raise ModelLoadError(
            f"failed to create a context of {shape.n_cells} tokens: its KV cache takes "
            f"{n_bytes / 2**30:,.1f} GiB and the machine has {memory_bytes / 2**30:,.1f}; "
            "give a smaller --ctx-size or --parallel"
        )
