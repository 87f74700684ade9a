"""How much memory an engine will take, before it is started: an upper estimate from header and options."""

from __future__ import annotations

from pathlib import Path

import msgspec

from corral.catalog.compute_need import activation_bytes, device_compute_bytes, input_bytes, logits_bytes
from corral.catalog.context_size import ContextSize, context_size
from corral.catalog.device_split import DeviceSplit
from corral.catalog.gguf_header import GgufHeader
from corral.catalog.kv_need import layer_kv_bytes
from corral.core.engine_settings import EngineSettings
from corral.core.memory import Memory

_MIB = 1024**2

# Measured: an engine of a model of 260 thousand parameters, with what Python and the libraries map.
_PROCESS_BYTES = 53 * _MIB
# A CUDA context with its kernels and cuBLAS workspace.
_DEVICE_PROCESS_BYTES = 400 * _MIB
# Measured on 152 thousand tokens and as many merges: `llama_vocab` and our table of pieces, for each entry.
_VOCABULARY_ENTRY_BYTES = 153
# `llama_kv_cells` of each cell: position, shift, sequences (llama-kv-cells.h), and our own index.
_CELL_FACTS_BYTES = 48

_MAPPED = frozenset({"auto", "mmap", "mmap+mlock"})


class MemoryParts(msgspec.Struct, frozen=True, kw_only=True):
    """What the memory is for. `repacked` are copies of weights, rearranged for the CPU.

    Of the weights on the host, `n_reclaimable_bytes` are pages of the file that the system may take back at
    any time at no cost, as only their copies are used: they count in the resident size of the process.
    """

    weights: Memory
    repacked: Memory
    kv: Memory
    compute: Memory
    others: Memory
    process: Memory
    n_reclaimable_bytes: int

    @property
    def total(self) -> Memory:
        """Everything."""
        return self.weights + self.repacked + self.kv + self.compute + self.others + self.process

    @property
    def needed(self) -> Memory:
        """What no other process can have meanwhile."""
        return self.total - Memory(self.n_reclaimable_bytes)


def memory_need(
    header: GgufHeader,
    n_bytes: int,
    engine: EngineSettings,
    *,
    machine_bytes: int | None = None,
    has_device: bool = True,
) -> Memory:
    """Return the resident size that the engine's process reaches at most, and what it takes of devices.

    That is with every cell of its context filled, mapped pages of the file counted in. `header` is of all
    parts of the model, `n_bytes` the size of all its files. `machine_bytes` is the machine's memory, by which
    the engine chooses sizes that are not given; None: plenty. `has_device` False: layers for a device stay on
    the host. Sizes of adapters, draft model and projector are looked up; nothing else is.
    """
    parts = memory_parts(header, n_bytes, engine, machine_bytes=machine_bytes, has_device=has_device)
    return parts.total


def memory_parts(
    header: GgufHeader,
    n_bytes: int,
    engine: EngineSettings,
    *,
    machine_bytes: int | None = None,
    has_device: bool = True,
) -> MemoryParts:
    """Return the same, by purpose."""
    size = context_size(header, engine, machine_bytes)
    split = DeviceSplit(header, engine.device, has_device=has_device)
    weights = split.weights(n_bytes)
    is_mapped = _is_mapped(engine)
    copied = split.repacked_bytes if is_mapped else split.repacked_twice_bytes
    return MemoryParts(
        weights=weights,
        repacked=Memory(copied),
        kv=split.kv(layer_kv_bytes(header, engine, size)),
        compute=_compute(header, engine, size, split),
        others=Memory(_tables_bytes(header, size)) + _files(engine, split),
        process=Memory(_PROCESS_BYTES, _DEVICE_PROCESS_BYTES if split.is_any_offloaded else 0),
        n_reclaimable_bytes=min(copied, weights.host_bytes) if is_mapped else 0,
    )


def _is_mapped(engine: EngineSettings) -> bool:
    """Return whether weights on the host are pages of the file, as `model_params` names the load mode."""
    return engine.load_mode in _MAPPED if engine.load_mode else engine.is_mmap


def _compute(header: GgufHeader, engine: EngineSettings, size: ContextSize, split: DeviceSplit) -> Memory:
    host = logits_bytes(header, size)
    host += activation_bytes(header, engine, size) if split.is_any_on_host else input_bytes(header, size)
    if not split.is_any_offloaded:
        return Memory(host)
    return Memory(host, device_compute_bytes(header, engine, size, has_output=split.is_output_offloaded))


def _tables_bytes(header: GgufHeader, size: ContextSize) -> int:
    n_cells = size.n_streams * size.n_cells
    return (header.n_vocab + header.n_merges) * _VOCABULARY_ENTRY_BYTES + n_cells * _CELL_FACTS_BYTES


def _files(engine: EngineSettings, split: DeviceSplit) -> Memory:
    """Return adapters, draft model and projector, which lie where the layers do; what is not here counts 0.

    Of the draft model the weights only.
    """
    adapters = sum(_file_bytes(lora.path) for lora in engine.adapters.loras)
    if engine.drafts.model_path is not None:
        adapters += _file_bytes(engine.drafts.model_path)
    projector = _file_bytes(engine.media.projector_path) if engine.media.projector_path else 0
    if not split.is_any_offloaded:
        return Memory(adapters + projector)
    if not engine.media.is_projector_offloaded:
        return Memory(projector, adapters)
    return Memory(0, adapters + projector)


def _file_bytes(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):
        return 0
