"""The types that KV cells can be made of."""

from __future__ import annotations

from corral.catalog.gguf_types import TENSOR_TYPES

_TYPES = {kind.name.lower(): kind for kind in TENSOR_TYPES.values()}


def row_bytes(kind: str, n_elements: int) -> int:
    """Return the size of so many elements of a type named as in `--cache-type-k`; f16 for an unknown name."""
    found = _TYPES.get(kind, _TYPES["f16"])
    return -(-n_elements // found.n_block) * found.block_bytes
