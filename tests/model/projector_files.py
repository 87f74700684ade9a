"""Small random projectors (GGUF files of the architecture "clip"), and images to try."""

from __future__ import annotations

import io
import wave
from contextlib import closing

import gguf
import numpy as np
from PIL import Image

V_WIDTH, V_HEADS, V_FFN, V_LAYERS = 16, 2, 32, 2
IMAGE_SIZE, PATCH = 16, 4


class ProjectorFile:
    """A GGUF file being written: the encoder that all have in common, and the keys."""

    def __init__(self, path, kind, width, *, image_size=IMAGE_SIZE):
        self.writer = gguf.GGUFWriter(path, "clip")
        self.random = np.random.default_rng(11)
        self.width = width
        self.n_patches = (image_size // PATCH) ** 2
        self.writer.add_string("clip.projector_type", kind)
        self.writer.add_bool("clip.has_vision_encoder", True)
        self.writer.add_bool("clip.use_gelu", True)
        numbers = {
            "image_size": image_size,
            "patch_size": PATCH,
            "embedding_length": V_WIDTH,
            "feed_forward_length": V_FFN,
            "block_count": V_LAYERS,
            "projection_dim": width,
            "attention.head_count": V_HEADS,
        }
        for name, number in numbers.items():
            self.writer.add_uint32(f"clip.vision.{name}", number)
        self.writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
        self.writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
        self.writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
        for layer in range(V_LAYERS):
            self.add_layer(f"v.blk.{layer}")

    def add_layer(self, name, *, has_key_bias=True):
        for part in ("attn_q", "attn_v", "attn_out"):
            self.linear(f"{name}.{part}", V_WIDTH, V_WIDTH)
        self.tensor(f"{name}.attn_k.weight", V_WIDTH, V_WIDTH)
        if has_key_bias:
            self.tensor(f"{name}.attn_k.bias", V_WIDTH)
        self.norm(f"{name}.ln1")
        self.norm(f"{name}.ln2")
        self.linear(f"{name}.ffn_up", V_FFN, V_WIDTH)
        self.linear(f"{name}.ffn_down", V_WIDTH, V_FFN)

    def tensor(self, name, *shape, scale=0.3):
        self.writer.add_tensor(name, self.random.normal(0, scale, shape).astype(np.float32))

    def linear(self, name, n_out, n_in):
        self.tensor(f"{name}.weight", n_out, n_in)
        self.tensor(f"{name}.bias", n_out)

    def norm(self, name):
        self.writer.add_tensor(f"{name}.weight", np.ones(V_WIDTH, np.float32))
        self.writer.add_tensor(f"{name}.bias", np.zeros(V_WIDTH, np.float32))

    def close(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def write_llava(path, width):
    """LLaVA: every image is 16 rows, decoded as text is."""
    with closing(ProjectorFile(path, "mlp", width)) as file:
        file.tensor("v.patch_embd.weight", V_WIDTH, 3, PATCH, PATCH)
        file.tensor("v.position_embd.weight", file.n_patches, V_WIDTH)
        file.linear("mm.0", width, V_WIDTH)
        file.linear("mm.2", width, width)


def write_gemma(path, width, *, image_size=32):
    """Gemma 3: the 4 rows of an image see each other."""
    with closing(ProjectorFile(path, "gemma3", width, image_size=image_size)) as file:
        file.writer.add_uint32("clip.vision.projector.scale_factor", 4)
        file.tensor("v.patch_embd.weight", V_WIDTH, 3, PATCH, PATCH)
        file.tensor("v.patch_embd.bias", V_WIDTH)
        file.tensor("v.position_embd.weight", file.n_patches, V_WIDTH)
        file.norm("v.post_ln")
        file.tensor("mm.input_projection.weight", V_WIDTH, width)
        file.tensor("mm.soft_emb_norm.weight", V_WIDTH)


def write_qwen(path, width):
    """Qwen2-VL: rows lie in a grid, and take as many positions as its longer side."""
    with closing(ProjectorFile(path, "qwen2vl_merger", width)) as file:
        file.tensor("v.patch_embd.weight", V_WIDTH, 3, PATCH, PATCH)
        file.tensor("v.patch_embd.weight.1", V_WIDTH, 3, PATCH, PATCH)
        file.norm("v.post_ln")
        file.linear("mm.0", 4 * V_WIDTH, 4 * V_WIDTH)
        file.linear("mm.2", width, 4 * V_WIDTH)


def write_sound(path, width):
    """Ultravox: each half minute is 20 rows."""
    stack, n_mel = 75, 16
    writer = gguf.GGUFWriter(path, "clip")
    file = ProjectorFile.__new__(ProjectorFile)
    file.writer, file.random = writer, np.random.default_rng(13)
    writer.add_string("clip.projector_type", "ultravox")
    writer.add_bool("clip.has_audio_encoder", True)
    numbers = {
        "embedding_length": V_WIDTH,
        "feed_forward_length": V_FFN,
        "block_count": V_LAYERS,
        "projection_dim": width,
        "attention.head_count": V_HEADS,
        "num_mel_bins": n_mel,
        "projector.stack_factor": stack,
    }
    for name, number in numbers.items():
        writer.add_uint32(f"clip.audio.{name}", number)
    writer.add_float32("clip.audio.attention.layer_norm_epsilon", 1e-5)
    for layer in range(V_LAYERS):
        file.add_layer(f"a.blk.{layer}", has_key_bias=False)
    file.tensor("a.position_embd.weight", 1500, V_WIDTH)
    file.tensor("a.conv1d.1.weight", V_WIDTH, n_mel, 3)
    file.tensor("a.conv1d.1.bias", V_WIDTH, 1)
    file.tensor("a.conv1d.2.weight", V_WIDTH, V_WIDTH, 3)
    file.tensor("a.conv1d.2.bias", V_WIDTH, 1)
    file.norm("a.post_ln")
    file.tensor("mm.a.norm_pre.weight", stack * V_WIDTH)
    file.tensor("mm.a.mlp.1.weight", 2 * V_FFN, stack * V_WIDTH)
    file.tensor("mm.a.norm_mid.weight", V_FFN)
    file.tensor("mm.a.mlp.2.weight", width, V_FFN)
    file.close()


def wav_bytes(seed, *, seconds=0.5, rate=8000):
    """Return a file of noise."""
    noise = np.random.default_rng(seed).integers(-20000, 20000, int(seconds * rate)).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(noise.tobytes())
    return file.getvalue()


PROJECTORS = {"llava": write_llava, "gemma": write_gemma, "qwen": write_qwen}


def image_bytes(seed, *, size=(32, 24), form="PNG"):
    """Return the file of an image of noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, form)
    return file.getvalue()
