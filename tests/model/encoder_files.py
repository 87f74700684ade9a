"""Small random GGUF files of encoders: BERT, with and without a head for ranking, and T5."""

from __future__ import annotations

from contextlib import closing

import gguf
import numpy as np

WIDTH, N_LAYERS, N_HEADS, FFN, N_POSITIONS = 32, 2, 2, 64, 64
CLS, SEP = 2, 3
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"▁{c}" for c in LETTERS), *LETTERS]


class EncoderFile:
    """A GGUF file being written: words of one letter, random tensors of one seed."""

    def __init__(self, path, architecture):
        self.writer = gguf.GGUFWriter(path, architecture)
        self.random = np.random.default_rng(11)
        self._add_header()
        self._add_tokenizer()
        self.tensor("token_embd.weight", len(WORDS), WIDTH)

    def _add_header(self):
        writer = self.writer
        writer.add_context_length(N_POSITIONS)
        writer.add_embedding_length(WIDTH)
        writer.add_block_count(N_LAYERS)
        writer.add_feed_forward_length(FFN)
        writer.add_head_count(N_HEADS)
        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.CLS)

    def _add_tokenizer(self):
        writer = self.writer
        writer.add_tokenizer_model("bert")
        writer.add_token_list(WORDS)
        types = [gguf.TokenType.CONTROL] * 4 + [gguf.TokenType.NORMAL] * (len(WORDS) - 4)
        writer.add_token_types(types)
        writer.add_pad_token_id(0)
        writer.add_unk_token_id(1)
        writer.add_bos_token_id(CLS)
        writer.add_eos_token_id(SEP)
        writer.add_sep_token_id(SEP)
        writer.add_add_bos_token(True)
        writer.add_add_eos_token(True)

    def tensor(self, name, *shape):
        self.writer.add_tensor(name, self.random.normal(0, 0.5, shape).astype(np.float32))

    def linear(self, name, n_out, n_in):
        self.tensor(f"{name}.weight", n_out, n_in)
        self.tensor(f"{name}.bias", n_out)

    def ones(self, name):
        self.writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))

    def norm(self, name):
        self.ones(name)
        self.writer.add_tensor(f"{name}.bias", np.zeros(WIDTH, np.float32))

    def close(self):
        self.writer.write_header_to_file()
        self.writer.write_kv_data_to_file()
        self.writer.write_tensors_to_file()
        self.writer.close()


def write_bert(path, *, has_head=False):
    with closing(EncoderFile(path, "bert")) as file:
        file.writer.add_layer_norm_eps(1e-12)
        file.writer.add_token_type_count(2)
        file.tensor("token_types.weight", 2, WIDTH)
        file.tensor("position_embd.weight", N_POSITIONS, WIDTH)
        file.norm("token_embd_norm")
        for layer in range(N_LAYERS):
            _add_bert_layer(file, f"blk.{layer}")
        if has_head:
            file.linear("cls", WIDTH, WIDTH)
            file.linear("cls.output", 1, WIDTH)


def _add_bert_layer(file, name):
    for part in ("q", "k", "v", "output"):
        file.linear(f"{name}.attn_{part}", WIDTH, WIDTH)
    file.norm(f"{name}.attn_output_norm")
    file.linear(f"{name}.ffn_up", FFN, WIDTH)
    file.linear(f"{name}.ffn_down", WIDTH, FFN)
    file.norm(f"{name}.layer_output_norm")


def write_t5(path, *, has_decoder):
    """The encoder of T5, which llama.cpp computes by a call of its own, and its decoder."""
    with closing(EncoderFile(path, "t5" if has_decoder else "t5encoder")) as file:
        file.writer.add_layer_norm_rms_eps(1e-6)
        file.writer.add_relative_attn_buckets_count(8)
        for half, attentions in {"enc": ["attn"], "dec": ["attn", "cross_attn"][: 2 * has_decoder]}.items():
            if attentions:
                _add_t5_half(file, half, attentions)


def _add_t5_half(file, half, attentions):
    file.ones(f"{half}.output_norm")
    file.tensor(f"{half}.blk.0.attn_rel_b.weight", 8, N_HEADS)
    for name in (f"{half}.blk.{layer}" for layer in range(N_LAYERS)):
        for attention in attentions:
            file.ones(f"{name}.{attention}_norm")
            for part in ("q", "k", "v", "o"):
                file.tensor(f"{name}.{attention}_{part}.weight", WIDTH, WIDTH)
        file.ones(f"{name}.ffn_norm")
        file.tensor(f"{name}.ffn_up.weight", FFN, WIDTH)
        file.tensor(f"{name}.ffn_down.weight", WIDTH, FFN)
