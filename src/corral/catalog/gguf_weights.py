"""How the bytes of a model's tensors are spread over its layers."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from corral.catalog.gguf_tensors import Tensor

MAX_LAYERS = 512  # LLAMA_MAX_LAYERS, llama-hparams.h

# Names of tensors as llama-arch.cpp has them. Layers of a decoder may stand beside those of an encoder.
_LAYER = re.compile(r"(?:enc\.|dec\.)?blk\.(?P<number>[0-9]{1,4})\.(?P<part>.*)")
_EXPERTS = re.compile(r"ffn_(?:up|down|gate|gate_up)_(?:ch|)exps")  # as --cpu-moe finds them
_DENSE = re.compile(r"ffn_(?:up|down|gate)\.")  # as --n-cpu-ffn finds them
_STATE = re.compile(r"ssm_|time_mix_|shortconv\.")
_KEYS = re.compile(r"attn_k\.|attn_kv_a_mqa\.")
_OUTPUT = re.compile(r"(?:dec\.|enc\.)?output|cls\b|cls\.|rope_freqs")
_EMBEDDING = "token_embd.weight"
_HEADS = frozenset({"cls.weight", "cls.output.weight"})

# Matrices of so many rows, or a multiple, are what `ggml_repack_get_optimal_repack_type` takes.
_REPACKED_ROWS = 8


class LayerWeights(msgspec.Struct, frozen=True):
    """The tensors of one layer in bytes.

    Of `n_bytes`, `expert_bytes` are experts and `dense_bytes` other feed-forward matrices. `matrix_bytes` has
    the matrices that could be repacked, by the name of their type. `has_state`: its memory, or a part of it,
    is a recurrent state. `has_keys`: its keys have a matrix of their own.
    """

    n_bytes: int = 0
    expert_bytes: int = 0
    dense_bytes: int = 0
    matrix_bytes: dict[str, int] = {}
    has_state: bool = False
    has_keys: bool = False

    def __add__(self, other: LayerWeights) -> LayerWeights:
        return LayerWeights(
            n_bytes=self.n_bytes + other.n_bytes,
            expert_bytes=self.expert_bytes + other.expert_bytes,
            dense_bytes=self.dense_bytes + other.dense_bytes,
            matrix_bytes=_summed([self.matrix_bytes, other.matrix_bytes]),
            has_state=self.has_state or other.has_state,
            has_keys=self.has_keys or other.has_keys,
        )


class Weights(msgspec.Struct, frozen=True, kw_only=True):
    """All tensors in bytes.

    `n_bytes` are those of the layers, of the output, and of the input, which has the rest. `embedding_bytes`
    are of the matrix of token embeddings. `type_bytes` has all by the name of their type.
    """

    n_bytes: int = 0
    n_elements: int = 0
    embedding: LayerWeights = LayerWeights()
    output: LayerWeights = LayerWeights()
    layers: tuple[LayerWeights, ...] = ()
    type_bytes: dict[str, int] = {}
    has_output_matrix: bool = False
    has_rank_head: bool = False

    @property
    def main_type(self) -> str:
        """The name of the type that most bytes have, empty without tensors."""
        return max(self.type_bytes, key=lambda name: self.type_bytes[name], default="")

    def __add__(self, other: Weights) -> Weights:
        n = max(len(self.layers), len(other.layers))
        none = LayerWeights()
        mine, theirs = (list(w.layers) + [none] * (n - len(w.layers)) for w in (self, other))
        return Weights(
            n_bytes=self.n_bytes + other.n_bytes,
            n_elements=self.n_elements + other.n_elements,
            embedding=self.embedding + other.embedding,
            output=self.output + other.output,
            layers=tuple(map(LayerWeights.__add__, mine, theirs)),
            type_bytes=_summed([self.type_bytes, other.type_bytes]),
            has_output_matrix=self.has_output_matrix or other.has_output_matrix,
            has_rank_head=self.has_rank_head or other.has_rank_head,
        )


def weights_of(tensors: list[Tensor]) -> Weights:
    """Return the sums; tensors of layers beyond `MAX_LAYERS` count in the whole only."""
    layers: dict[int, list[Tensor]] = {}
    output: list[Tensor] = []
    for tensor in tensors:
        number = _layer_number(tensor.name)
        if number is not None:
            layers.setdefault(number, []).append(tensor)
        elif _OUTPUT.match(tensor.name):
            output.append(tensor)
    names = {tensor.name for tensor in tensors}
    n_layers = max(layers, default=-1) + 1
    return Weights(
        n_bytes=sum(tensor.n_bytes for tensor in tensors),
        n_elements=sum(tensor.n_elements for tensor in tensors),
        embedding=_layer([tensor for tensor in tensors if tensor.name == _EMBEDDING]),
        output=_layer(output),
        layers=tuple(_layer(layers.get(number, [])) for number in range(n_layers)),
        type_bytes=_summed({tensor.type.name: tensor.n_bytes} for tensor in tensors),
        has_output_matrix="output.weight" in names,
        has_rank_head=bool(names & _HEADS),
    )


def _layer_number(name: str) -> int | None:
    found = _LAYER.match(name)
    number = int(found["number"]) if found else MAX_LAYERS
    return number if number < MAX_LAYERS else None


def _layer(tensors: list[Tensor]) -> LayerWeights:
    parts = [(tensor.name.rpartition("blk.")[2].partition(".")[2], tensor) for tensor in tensors]
    return LayerWeights(
        n_bytes=sum(tensor.n_bytes for tensor in tensors),
        expert_bytes=sum(tensor.n_bytes for part, tensor in parts if _EXPERTS.match(part)),
        dense_bytes=sum(tensor.n_bytes for part, tensor in parts if _DENSE.match(part)),
        matrix_bytes=_summed({t.type.name: t.n_bytes} for t in tensors if _is_repackable(t)),
        has_state=any(_STATE.match(part) for part, _ in parts),
        has_keys=any(_KEYS.match(part) for part, _ in parts),
    )


def _is_repackable(tensor: Tensor) -> bool:
    return len(tensor.dims) > 1 and tensor.type.n_block > 1 and tensor.dims[1] % _REPACKED_ROWS == 0


def _summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, n in count.items():
            total[name] = total.get(name, 0) + n
    return total
