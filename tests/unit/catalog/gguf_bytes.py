"""GGUF files made by hand, byte by byte, so that each of them can be wrong."""

from __future__ import annotations

import struct

CODES = {"u8": 0, "i8": 1, "u16": 2, "i16": 3, "u32": 4, "i32": 5, "f32": 6, "bool": 7, "str": 8, "list": 9}
CODES |= {"u64": 10, "i64": 11, "f64": 12}
FORMATS = {"u8": "B", "i8": "b", "u16": "H", "i16": "h", "u32": "I", "i32": "i", "f32": "f", "bool": "?"}
FORMATS |= {"u64": "Q", "i64": "q", "f64": "d"}
ALIGNMENT = 32


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return u64(len(data)) + data


def number(kind, value):
    return struct.pack("<" + FORMATS[kind], value)


def value_of(kind, value):
    if kind == "str":
        return text(value)
    return number(kind, value)


def pair(key, kind, value):
    return text(key) + u32(CODES[kind]) + value_of(kind, value)


def list_pair(key, kind, values):
    head = text(key) + u32(CODES["list"]) + u32(CODES[kind]) + u64(len(values))
    return head + b"".join(value_of(kind, value) for value in values)


def tensor(name, dims, code=0, offset=0):
    return text(name) + u32(len(dims)) + b"".join(map(u64, dims)) + u32(code) + u64(offset)


def gguf_file(pairs=(), tensors=(), data=b"", *, version=3, **claims):
    """Return a whole file; the claims `n_pairs` and `n_tensors` are the truth where not given."""
    head = b"GGUF" + u32(version)
    head += u64(claims.get("n_tensors", len(tensors))) + u64(claims.get("n_pairs", len(pairs)))
    head += b"".join([*pairs, *tensors])
    return head + bytes(-len(head) % ALIGNMENT) + data


def small_model(*, n_layers=2):
    """Return a llama-like file of a few hundred bytes with every kind of value in it."""
    pairs = [
        pair("general.architecture", "str", "llama"),
        pair("general.name", "str", "Small One"),
        pair("general.file_type", "u32", 2),
        pair("llama.block_count", "u32", n_layers),
        pair("llama.context_length", "u32", 4096),
        pair("llama.embedding_length", "u32", 32),
        pair("llama.feed_forward_length", "u32", 64),
        pair("llama.attention.head_count", "u32", 4),
        list_pair("llama.attention.head_count_kv", "i32", [2] * n_layers),
        pair("llama.rope.freq_base", "f32", 1e4),
        pair("tokenizer.ggml.model", "str", "gpt2"),
        list_pair("tokenizer.ggml.tokens", "str", ["a", "bc", ""]),
        list_pair("tokenizer.ggml.scores", "f32", [0.0, 1.0, 2.0]),
        pair("tokenizer.ggml.add_bos_token", "bool", True),
        pair("tokenizer.chat_template", "str", "{{ messages }}"),
    ]
    tensors, offset = [], 0
    for name, dims, code, n_bytes in _tensors(n_layers):
        tensors.append(tensor(name, dims, code, offset))
        offset += -(-n_bytes // ALIGNMENT) * ALIGNMENT
    return gguf_file(pairs, tensors, bytes(offset))


def _tensors(n_layers):
    yield "token_embd.weight", (32, 3), 0, 32 * 3 * 4
    for layer in range(n_layers):
        yield f"blk.{layer}.attn_k.weight", (32, 16), 2, 16 * 18
        yield f"blk.{layer}.ffn_up.weight", (32, 64), 2, 64 * 18
    yield "output_norm.weight", (32,), 0, 32 * 4
