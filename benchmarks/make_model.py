"""Writes the two models of the benchmarks: random weights, real shapes, nothing to download.

`bench-0.5b-q4_0.gguf`: about half a billion parameters in the shape of a small Qwen2 with its real
vocabulary, so that llama.cpp does the arithmetic of a real model of that size. `bench-tiny.gguf`: about 260
thousand parameters and a vocabulary of 512, so that nearly all the time goes into the server around it.

Random weights speak nonsense; speed does not depend on what is said, and `ignore_eos` keeps the length fixed.

    python benchmarks/make_model.py FOLDER --vocabulary .../vendor/llama.cpp/models/ggml-vocab-qwen2.gguf
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import llama_cpp
import numpy as np
from gguf import GGMLQuantizationType as QuantizationType

# Weights this small keep the logits finite through all layers.
_DEVIATION = 0.02
_N_BYTES = 256


@dataclass(frozen=True)
class Shape:
    """The sizes of a transformer in llama.cpp's terms."""

    architecture: str
    n_layers: int
    n_embd: int
    n_ff: int
    n_heads: int
    n_heads_kv: int
    n_ctx_train: int
    rope_base: float
    has_qkv_bias: bool

    @property
    def n_embd_kv(self) -> int:
        """Width of the keys and of the values."""
        return self.n_embd // self.n_heads * self.n_heads_kv


HALF_BILLION = Shape("qwen2", 24, 896, 4864, 14, 2, 32768, 1e6, has_qkv_bias=True)
TINY = Shape("llama", 5, 64, 160, 4, 2, 32768, 1e4, has_qkv_bias=False)


def tensor_shapes(shape: Shape, n_vocab: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield name and shape (rows first) of every tensor; the output layer is tied to the embedding."""
    yield "token_embd.weight", (n_vocab, shape.n_embd)
    yield "output_norm.weight", (shape.n_embd,)
    for layer in range(shape.n_layers):
        for name, size in layer_shapes(shape):
            yield f"blk.{layer}.{name}", size


def layer_shapes(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield name and shape of the tensors of one layer."""
    widths = {"q": shape.n_embd, "k": shape.n_embd_kv, "v": shape.n_embd_kv}
    yield "attn_norm.weight", (shape.n_embd,)
    for letter, width in widths.items():
        yield f"attn_{letter}.weight", (width, shape.n_embd)
        if shape.has_qkv_bias:
            yield f"attn_{letter}.bias", (width,)
    yield "attn_output.weight", (shape.n_embd, shape.n_embd)
    yield "ffn_norm.weight", (shape.n_embd,)
    yield "ffn_gate.weight", (shape.n_ff, shape.n_embd)
    yield "ffn_up.weight", (shape.n_ff, shape.n_embd)
    yield "ffn_down.weight", (shape.n_embd, shape.n_ff)


def write_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    """Add the metadata that llama.cpp builds the graph from."""
    writer.add_context_length(shape.n_ctx_train)
    writer.add_block_count(shape.n_layers)
    writer.add_embedding_length(shape.n_embd)
    writer.add_feed_forward_length(shape.n_ff)
    writer.add_head_count(shape.n_heads)
    writer.add_head_count_kv(shape.n_heads_kv)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(1e-6)


def write_tensors(writer: gguf.GGUFWriter, shape: Shape, n_vocab: int) -> int:
    """Add random tensors, matrices as Q8_0, vectors as F32; return the number of parameters."""
    random = np.random.default_rng(seed=0)
    n_parameters = 0
    for name, size in tensor_shapes(shape, n_vocab):
        weights = random.normal(1.0 if "norm" in name else 0.0, _DEVIATION, size).astype(np.float32)
        n_parameters += weights.size
        if weights.ndim == 1:
            writer.add_tensor(name, weights)
        else:
            packed = gguf.quants.quantize(weights, QuantizationType.Q8_0)
            writer.add_tensor(name, packed, raw_dtype=QuantizationType.Q8_0)
    return n_parameters


def copy_vocabulary(writer: gguf.GGUFWriter, source: Path) -> int:
    """Add every `tokenizer.*` field of `source`; return the number of tokens."""
    reader = gguf.GGUFReader(source)
    for name, field in reader.fields.items():
        if name.startswith("tokenizer."):
            sub_type = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=sub_type)
    return len(reader.fields["tokenizer.ggml.tokens"].data)


def write_byte_vocabulary(writer: gguf.GGUFWriter) -> int:
    """Add a SentencePiece vocabulary of 512 pieces, made here: control, all bytes, some syllables.

    Every text can be written in it, since a character without a piece of its own becomes bytes.
    """
    control = ["<unk>", "<s>", "</s>"]
    raw_bytes = [f"<0x{byte:02X}>" for byte in range(_N_BYTES)]
    pieces = syllables(512 - len(control) - _N_BYTES)
    types = [gguf.TokenType.UNKNOWN] + [gguf.TokenType.CONTROL] * 2
    types += [gguf.TokenType.BYTE] * _N_BYTES + [gguf.TokenType.NORMAL] * len(pieces)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(control + raw_bytes + pieces)
    writer.add_token_scores([0.0] * (len(control) + _N_BYTES) + [-float(rank) for rank in range(len(pieces))])
    writer.add_token_types(types)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    return len(types)


def syllables(n_pieces: int) -> list[str]:
    """Return `n_pieces` pieces: letters, SentencePiece's space (U+2581), pairs of them."""
    vowels = "aeiou"
    consonants = "bcdfghjklmnpqrstvwxyz"
    singles = ["\u2581", *vowels, *consonants]
    pairs = [first + second for first in consonants for second in vowels]
    starts = [f"\u2581{letter}" for letter in vowels + consonants]
    turned = [second + first for first in consonants for second in vowels]
    return (singles + starts + pairs + turned)[:n_pieces]


def write_half_billion(path: Path, vocabulary: Path) -> None:
    """Write the half-billion model in Q8_0."""
    writer = gguf.GGUFWriter(path, HALF_BILLION.architecture)
    writer.add_name("bench 0.5B random")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    write_shape(writer, HALF_BILLION)
    n_vocab = copy_vocabulary(writer, vocabulary)
    finish(writer, path, write_tensors(writer, HALF_BILLION, n_vocab))


def write_tiny(path: Path) -> None:
    """Write the tiny model."""
    writer = gguf.GGUFWriter(path, TINY.architecture)
    writer.add_name("bench tiny random")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    write_shape(writer, TINY)
    n_vocab = write_byte_vocabulary(writer)
    writer.add_vocab_size(n_vocab)
    finish(writer, path, write_tensors(writer, TINY, n_vocab))


def finish(writer: gguf.GGUFWriter, path: Path, n_parameters: int) -> None:
    """Put everything into the file."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{path}: {n_parameters:,} parameters, {path.stat().st_size / 1e6:,.1f} MB")


def quantize(source: Path, destination: Path) -> None:
    """Write `source` as Q4_0 through llama.cpp's own quantizer.

    Raises:
        SystemExit: llama.cpp refused.
    """
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0
    # The source is Q8_0, whose error is small beside Q4_0's; random weights have nothing to lose anyway.
    parameters.allow_requantize = True
    status = llama_cpp.llama_model_quantize(bytes(source), bytes(destination), parameters)
    if status != 0:
        raise SystemExit(f"llama.cpp could not quantize {source} (status {status}).")
    print(f"{destination}: {destination.stat().st_size / 1e6:,.1f} MB")


def main() -> None:
    """Write both models into the folder of the command line."""
    parser = argparse.ArgumentParser(description="Write the random-weight models of the benchmarks.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vocabulary", type=Path, required=True, help="ggml-vocab-qwen2.gguf of llama.cpp")
    parser.add_argument("--only", choices=("tiny", "0.5b"), help="write one of the two")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.only != "0.5b":
        write_tiny(folder / "bench-tiny.gguf")
    if arguments.only != "tiny":
        q8_0 = folder / "bench-0.5b-q8_0.part"
        write_half_billion(q8_0, arguments.vocabulary)
        quantize(q8_0, folder / "bench-0.5b-q4_0.gguf")
        q8_0.unlink()


if __name__ == "__main__":
    main()
