"""GGUF headers: what a model's file says of itself, read without loading it.

The format is described in docs/gguf.md of the ggml project; checked as gguf.cpp checks it.
"""

from __future__ import annotations

import stat
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from corral.catalog.gguf_cursor import Cursor
from corral.catalog.gguf_foreign import MAGIC, foreign
from corral.catalog.gguf_keys import Keys
from corral.catalog.gguf_memory import Attention, Recurrence, attention_of, recurrence_of
from corral.catalog.gguf_tensors import read_tensors
from corral.catalog.gguf_types import FILE_TYPES
from corral.catalog.gguf_values import ALIGNMENT_KEY, TEMPLATE_KEY, Value, read_pairs
from corral.catalog.gguf_weights import MAX_LAYERS, Weights, weights_of
from corral.catalog.parts import all_parts
from corral.core.errors import ModelLoadError

if TYPE_CHECKING:
    from collections.abc import Sequence

_OLDEST, _NEWEST = 2, 3
_DEFAULT_ALIGNMENT = 32
_POOLINGS = ("none", "mean", "cls", "last", "rank")  # enum llama_pooling_type, llama.h


class GgufHeader(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model. Sizes in tokens, elements or bytes; 0 and empty: the header does not say.

    `type` is model, adapter, mmproj, imatrix, ...; `quantization` is written like Q4_K_M. `n_ff` is the
    widest feed-forward of a token in elements. `tokenizer` is llama.cpp's word: gpt2, llama, bert, ...
    `pooling` None: the model makes no vectors of its own accord. `n_parts` files make up the model, and this
    is of the one numbered `part` from 0.
    """

    version: int
    type: str = "model"
    architecture: str = ""
    name: str = ""
    quantization: str = ""
    n_ctx_train: int = 0
    n_layers: int = 0
    n_embd: int = 0
    n_ff: int = 0
    n_vocab: int = 0
    n_merges: int = 0
    attention: Attention = Attention()
    recurrence: Recurrence | None = None
    weights: Weights = Weights()
    chat_template: str | None = None
    tokenizer: str = ""
    pooling: str | None = None
    is_causal: bool = True
    n_parts: int = 1
    part: int = 0

    @property
    def n_params(self) -> int:
        """How many numbers all tensors hold."""
        return self.weights.n_elements

    @property
    def is_projector(self) -> bool:
        """Whether this is what turns images or sound into embeddings of another file's model."""
        return self.type == "mmproj" or self.architecture == "clip"

    @property
    def is_adapter(self) -> bool:
        """Whether this is a LoRA adapter for another file's model."""
        return self.type == "adapter"


def read_header(path: Path) -> GgufHeader:
    """Return the header of one file. Blocks, for some 50 ms where the vocabulary is large.

    Raises:
        ModelLoadError: the file cannot be read, is of another format, hostile or truncated; fact `path`.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ModelLoadError(f"cannot read {path}: it is no file", path=str(path))
        with path.open("rb", buffering=0) as file:
            return _read(Cursor(file, path))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or str(error)
        raise ModelLoadError(f"cannot read {path}: {reason}", path=str(path)) from error


def read_model(path: Path) -> GgufHeader:
    """Return the header of a model, of all its parts where `path` is the first of several.

    Raises:
        ModelLoadError: as `read_header`, or a part is missing.
    """
    return combined([read_header(path.with_name(name)) for name in all_parts(path.name)], path)


def combined(parts: Sequence[GgufHeader], path: Path) -> GgufHeader:
    """Return the one header that all parts of the model at `path`, in order, have together.

    Raises:
        ModelLoadError: these are not all its parts, or not in order.
    """
    first = parts[0]
    if [(part.part, part.n_parts) for part in parts] != [(n, len(parts)) for n in range(len(parts))]:
        raise ModelLoadError(
            f"{path} is part {first.part + 1} of {first.n_parts}, and the files beside it are not the others",
            path=str(path),
        )
    weights = reduce(Weights.__add__, (part.weights for part in parts))
    quantization = first.quantization or weights.main_type
    return msgspec.structs.replace(first, weights=weights, quantization=quantization)


def _read(cursor: Cursor) -> GgufHeader:
    magic = cursor.take(min(4, cursor.n_bytes))
    if magic != MAGIC:
        raise ModelLoadError(f"{cursor.path} is no GGUF file: {foreign(magic)}", path=str(cursor.path))
    version = _version(cursor)
    n_tensors, n_pairs = cursor.u64(), cursor.u64()
    pairs = read_pairs(cursor, n_pairs)
    tensors = read_tensors(cursor, n_tensors, _alignment(cursor, pairs))
    keys = Keys(pairs)
    if keys.number("block_count") > MAX_LAYERS:
        raise cursor.fault(f"it claims {keys.number('block_count'):,} layers, llama.cpp takes {MAX_LAYERS}")
    return _header(version, keys, weights_of(tensors))


def _version(cursor: Cursor) -> int:
    version = cursor.u32()
    if not version & 0xFFFF:
        raise cursor.fault("it is big-endian, for another kind of machine; get the little-endian file")
    if version < _OLDEST:
        raise cursor.fault(f"it is of GGUF version {version}, which llama.cpp gave up; get a newer file")
    if version > _NEWEST:
        raise cursor.fault(f"it is of GGUF version {version}, newer than this Corral, which knows {_NEWEST}")
    return version


def _alignment(cursor: Cursor, pairs: dict[str, Value]) -> int:
    alignment = pairs.get(ALIGNMENT_KEY, _DEFAULT_ALIGNMENT)
    if type(alignment) is not int or alignment < 1 or alignment & (alignment - 1):
        raise cursor.fault(f"its alignment is {alignment}, which is no power of two")
    return alignment


def _header(version: int, keys: Keys, weights: Weights) -> GgufHeader:
    n_layers = keys.number("block_count")
    n_tokens = keys.length("tokenizer.ggml.tokens")
    return GgufHeader(
        version=version,
        type=keys.text("general.type") or "model",
        architecture=keys.architecture,
        name=keys.text("general.name"),
        quantization=FILE_TYPES.get(keys.plain("general.file_type", -1)) or weights.main_type,
        n_ctx_train=keys.number("context_length"),
        n_layers=n_layers,
        n_embd=keys.number("embedding_length"),
        n_ff=_n_ff(keys),
        n_vocab=n_tokens or keys.number("vocab_size"),
        n_merges=keys.length("tokenizer.ggml.merges"),
        attention=attention_of(keys, n_layers),
        recurrence=recurrence_of(keys),
        weights=weights,
        chat_template=keys.text(TEMPLATE_KEY) or None,
        tokenizer=keys.text("tokenizer.ggml.model"),
        pooling=_pooling(keys),
        is_causal=keys.flag("attention.causal", default=True),
        n_parts=keys.plain("split.count", 1) or 1,
        part=keys.plain("split.no"),
    )


def _n_ff(keys: Keys) -> int:
    n_used = keys.number("expert_used_count")
    return max(keys.number("feed_forward_length"), n_used * keys.number("expert_feed_forward_length"))


def _pooling(keys: Keys) -> str | None:
    code = keys.number("pooling_type", len(_POOLINGS))
    return _POOLINGS[code] if code < len(_POOLINGS) else None
