"""Write a checkpoint as GGUF: `python -m training.export_gguf --folder FOLDER FILE`.

Names of tensors and keys follow the GGUF specification (ggml repository, docs/gguf.md).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import gguf
import numpy as np
import torch

from training.corpus.documents import (
    CHAT_TEMPLATE,
    END_OF_TEXT,
    HOLE_MIDDLE,
    HOLE_PREFIX,
    HOLE_SUFFIX,
    SPECIAL_TOKENS,
    TURN_END,
)
from training.model import Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Floats = NDArray[np.float32]

_DESCRIPTION = (
    "A demonstration model, trained from scratch on generated text, so that Corral works and can"
    " be tested without any download. It knows very little; use a bigger model for real work."
)


def export(folder: Path, target: Path) -> None:
    """Write the checkpoint and tokenizer in `folder` to `target`, matrices as Q8_0."""
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    shape = Shape(**state["shape"])
    unfinished = target.with_suffix(".unfinished")
    writer = gguf.GGUFWriter(unfinished, "llama")
    _add_description(writer)
    _add_shape(writer, shape)
    _add_tokenizer(writer, folder / "tokenizer.json")
    for name, values in tensors(state["model"], shape):
        _add_tensor(writer, name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    unfinished.replace(target)


def tensors(weights: dict[str, Tensor], shape: Shape) -> list[tuple[str, Floats]]:
    """Return every tensor under its GGUF name; the output shares the embedding's."""
    named = [
        ("token_embd.weight", weights["embedding.weight"]),
        ("output_norm.weight", weights["norm.weight"]),
    ]
    for number in range(shape.n_layers):
        named += _layer_tensors(weights, shape, number)
    return [(name, values.float().numpy()) for name, values in named]


def interleaved(projection: Tensor, n_heads: int) -> Tensor:
    """Reorder the rows of a query or key projection for llama.cpp's rotary pairs.

    Training rotates (i, i + half) of each head, llama.cpp's `llama` rotates (2i, 2i + 1).
    """
    rows, columns = projection.shape
    half = rows // n_heads // 2
    return projection.reshape(n_heads, 2, half, columns).transpose(1, 2).reshape(rows, columns)


def _layer_tensors(weights: dict[str, Tensor], shape: Shape, number: int) -> list[tuple[str, Tensor]]:
    ours, theirs = f"layers.{number}.", f"blk.{number}."
    attention, feed_forward = ours + "attention.", ours + "feed_forward."
    query = interleaved(weights[attention + "query.weight"], shape.n_heads)
    key = interleaved(weights[attention + "key.weight"], shape.n_key_heads)
    return [
        (theirs + "attn_norm.weight", weights[ours + "attention_norm.weight"]),
        (theirs + "attn_q.weight", query),
        (theirs + "attn_k.weight", key),
        (theirs + "attn_v.weight", weights[attention + "value.weight"]),
        (theirs + "attn_output.weight", weights[attention + "output.weight"]),
        (theirs + "ffn_norm.weight", weights[ours + "feed_forward_norm.weight"]),
        (theirs + "ffn_gate.weight", weights[feed_forward + "gate.weight"]),
        (theirs + "ffn_up.weight", weights[feed_forward + "up.weight"]),
        (theirs + "ffn_down.weight", weights[feed_forward + "down.weight"]),
    ]


def _add_tensor(writer: gguf.GGUFWriter, name: str, values: Floats) -> None:
    if values.ndim == 1:
        writer.add_tensor(name, values)
        return
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)


def _add_description(writer: gguf.GGUFWriter) -> None:
    writer.add_name("Corral Tiny")
    writer.add_basename("corral-tiny")
    writer.add_description(_DESCRIPTION)
    writer.add_license("mit")
    writer.add_languages(["en"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def _add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_context_length(shape.n_context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.n_layers)
    writer.add_feed_forward_length(shape.inner_width)
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_key_heads)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_vocab_size(shape.n_pieces)


def _add_tokenizer(writer: gguf.GGUFWriter, path: Path) -> None:
    stored = json.loads(path.read_text(encoding="utf-8"))["model"]
    ids: dict[str, int] = stored["vocab"]
    pieces = sorted(ids, key=lambda piece: ids[piece])
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(pieces)
    writer.add_token_types([control if one in SPECIAL_TOKENS else normal for one in pieces])
    writer.add_token_merges([" ".join(merge) for merge in stored["merges"]])
    writer.add_bos_token_id(ids[END_OF_TEXT])
    writer.add_eos_token_id(ids[TURN_END])
    writer.add_eot_token_id(ids[TURN_END])
    writer.add_pad_token_id(ids[END_OF_TEXT])
    writer.add_add_bos_token(value=False)
    writer.add_uint32("tokenizer.ggml.fim_pre_token_id", ids[HOLE_PREFIX])
    writer.add_uint32("tokenizer.ggml.fim_suf_token_id", ids[HOLE_SUFFIX])
    writer.add_uint32("tokenizer.ggml.fim_mid_token_id", ids[HOLE_MIDDLE])
    writer.add_chat_template(CHAT_TEMPLATE)


def main() -> None:
    """Read the command line and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    export(arguments.folder, arguments.target)


if __name__ == "__main__":
    main()
