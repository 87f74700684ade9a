"""Whether a GGUF file holds the classification head that reranking needs.

llama.cpp loads a model without one and then reads scores from where there are none.
"""

from __future__ import annotations

from corral.engine.llama.gguf_file import opened

_HEADS = {"cls.weight", "cls.output.weight"}
_SPLIT_KEY = b"split.count"


def has_rank_head(path: str) -> bool:
    """Return whether the file has a head; True also for a file that is one of several, which may hold it."""
    with opened(path) as file:
        if file is None or file.has_key(_SPLIT_KEY):
            return True
        return any(tensor.name in _HEADS for tensor in file.tensors())
