"""Which layers of a model are on the host and which on devices."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from corral.catalog.gguf_header import GgufHeader
from corral.catalog.gguf_weights import LayerWeights
from corral.core.engine_settings import DeviceSettings
from corral.core.memory import Memory

# What `ggml_repack_get_optimal_repack_type` rearranges (ggml-cpu/repack.cpp), if the CPU has all it asks for.
_REPACKED_X86 = frozenset({"Q4_0", "Q4_K", "IQ4_NL", "MXFP4"})
_REPACKED_ARM = _REPACKED_X86 | {"Q5_K", "Q6_K", "Q8_0", "Q1_0"}
_REPACKED = _REPACKED_ARM if platform.machine().lower() in ("arm64", "aarch64") else _REPACKED_X86


class DeviceSplit:
    """The split of one model by its options.

    As `load_tensors` of llama-model.cpp has it: of the layers and the output behind them, the last
    `n_gpu_layers` are on devices, all for a negative number; the input stays on the host. Feed-forward
    matrices that options keep on the host stay there; `tensor_overrides` are not looked at.
    """

    def __init__(self, header: GgufHeader, device: DeviceSettings, *, has_device: bool) -> None:
        self._known = header.weights
        self._device = device
        n_all = header.n_layers + 1
        n_asked = device.n_gpu_layers if device.n_gpu_layers >= 0 else n_all
        self._first = n_all - min(n_asked, n_all) if has_device else n_all
        self.is_output_offloaded = self.is_any_offloaded = self._first < n_all
        self.is_any_on_host = self._first > 0

    def weights(self, n_bytes: int) -> Memory:
        """Return the tensors; what files of `n_bytes` have besides them counts on the host."""
        known = self._known
        device = sum(self._offloaded_bytes(number) for number in range(len(known.layers)))
        copied = 0
        if self.is_output_offloaded:
            device += known.output.n_bytes
            copied = 0 if known.has_output_matrix else known.embedding.n_bytes
        return Memory(max(n_bytes, known.n_bytes) - device, device + copied)

    def kv(self, layer_bytes: Sequence[int]) -> Memory:
        """Return the KV of the layers (`offload_kqv`): of each where the layer is, or all on the host."""
        if not self._device.is_kv_offloaded:
            return Memory(sum(layer_bytes))
        return Memory(sum(layer_bytes[: self._first]), sum(layer_bytes[self._first :]))

    @property
    def repacked_bytes(self) -> int:
        """The matrices on the host that are rearranged for the CPU."""
        layers = enumerate(self._known.layers)
        in_layers = sum(self._repacked(layer, self._offloaded_bytes(n)) for n, layer in layers)
        if self.is_output_offloaded:
            return in_layers
        return in_layers + self._repacked(self._last, 0)

    @property
    def repacked_twice_bytes(self) -> int:
        """What is there as it was and rearranged: embeddings that are the output too (tied)."""
        is_tied = not self._known.has_output_matrix and not self.is_output_offloaded
        return self._repacked(self._known.embedding, 0) if is_tied else 0

    @property
    def _last(self) -> LayerWeights:
        """The matrix that makes logits."""
        return self._known.output if self._known.has_output_matrix else self._known.embedding

    def _offloaded_bytes(self, number: int) -> int:
        if number < self._first:
            return 0
        layer, device = self._known.layers[number], self._device
        is_moe_kept = device.is_cpu_moe or number < device.n_cpu_moe
        kept = is_moe_kept * layer.expert_bytes + (number < device.n_cpu_ffn) * layer.dense_bytes
        return layer.n_bytes - kept

    def _repacked(self, weights: LayerWeights, n_offloaded: int) -> int:
        if not self._device.is_repacked or not weights.n_bytes:
            return 0
        n_bytes = sum(n for name, n in weights.matrix_bytes.items() if name in _REPACKED)
        return n_bytes * (weights.n_bytes - n_offloaded) // weights.n_bytes
