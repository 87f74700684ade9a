"""The types that a KV cache can be made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KvType:
    """`code` in enum ggml_type; `n_block` elements take `block_bytes` (ggml-common.h)."""

    code: int
    n_block: int
    block_bytes: int

    @property
    def is_quantised(self) -> bool:
        """Whether several elements share a scale."""
        return self.n_block > 1

    def n_bytes(self, n_elements: int) -> int:
        """Return the size of a row."""
        return -(-n_elements // self.n_block) * self.block_bytes


KV_TYPES = {
    "f32": KvType(0, 1, 4),
    "f16": KvType(1, 1, 2),
    "bf16": KvType(30, 1, 2),
    "q8_0": KvType(8, 32, 34),
    "q4_0": KvType(2, 32, 18),
    "q4_1": KvType(3, 32, 20),
    "iq4_nl": KvType(20, 32, 18),
    "q5_0": KvType(6, 32, 22),
    "q5_1": KvType(7, 32, 24),
}
