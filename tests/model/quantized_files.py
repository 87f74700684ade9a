"""The bundled model in the quantizations that llama-api's README names.

Its feed-forward width, 640, is no multiple of 256, the size of K-quants' blocks. It is filled up with zeros
to 768, which changes no answer.
"""

from __future__ import annotations

import ctypes
from contextlib import closing

import gguf
import llama_cpp
import numpy as np
from gguf.quants import dequantize

from corral.catalog.bundled import bundled_model

N_BLOCK = 256
QUANTIZATIONS = {
    "q4_0": "Q4_0",
    "q4_1": "Q4_1",
    "q5_0": "Q5_0",
    "q5_1": "Q5_1",
    "q8_0": "Q8_0",
    "q2_K": "Q2_K",
    "q3_K_S": "Q3_K_S",
    "q3_K_M": "Q3_K_M",
    "q3_K_L": "Q3_K_L",
    "q4_K_S": "Q4_K_S",
    "q4_K_M": "Q4_K_M",
    "q5_K_S": "Q5_K_S",
    "q6_K": "Q6_K",
}


def write_whole(path):
    """Write the bundled model with whole numbers of blocks, in 32 bits."""
    bundled = gguf.GGUFReader(bundled_model())
    with closing(gguf.GGUFWriter(path, "llama")) as writer:
        for field in bundled.fields.values():
            _copy(writer, field)
        for tensor in bundled.tensors:
            writer.add_tensor(tensor.name, _filled(tensor))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()


def quantize(source, path, name):
    """Write `source` in the quantization of this name, as llama.cpp's own tool does."""
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = getattr(llama_cpp, f"LLAMA_FTYPE_MOSTLY_{QUANTIZATIONS[name]}")
    params.nthread = 1
    assert llama_cpp.llama_model_quantize(bytes(source), bytes(path), ctypes.byref(params)) == 0


def types_of(path):
    """Return how many tensors of each type a file has."""
    names = [tensor.tensor_type.name for tensor in gguf.GGUFReader(path).tensors]
    return {name: names.count(name) for name in names}


def _copy(writer, field):
    if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
        return
    value = field.contents()
    if field.name == "llama.feed_forward_length":
        value = _whole(value)
    kind, *inner = field.types
    writer.add_key_value(field.name, value, kind, inner[-1] if inner else None)


def _filled(tensor):
    values = dequantize(tensor.data, tensor.tensor_type)
    missing = [(0, _whole(n) - n if "ffn_" in tensor.name and n == 640 else 0) for n in values.shape]
    return np.pad(values, missing).astype(np.float32)


def _whole(n):
    return -(-n // N_BLOCK) * N_BLOCK
