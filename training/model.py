"""The model: a small Llama, written for training only.

Root mean square norms (Zhang and Sennrich 2019), rotary positions (Su et al. 2021), grouped
queries (Ainslie et al. 2023), SwiGLU (Shazeer 2020), input and output embedding tied.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """All sizes of the model; `n_` counts, widths are numbers of floats."""

    n_pieces: int = 2048
    n_layers: int = 5
    n_heads: int = 4
    n_key_heads: int = 2
    width: int = 256
    inner_width: int = 640
    n_context: int = 1024
    rope_base: float = 10_000.0
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        """Width of one head."""
        return self.width // self.n_heads


class Attention(nn.Module):
    """Causal attention with fewer heads for keys and values than for queries."""

    def __init__(self, shape: Shape) -> None:
        """Create the four projections."""
        super().__init__()
        key_width = shape.n_key_heads * shape.head_width
        self.shape = shape
        self.query = nn.Linear(shape.width, shape.width, bias=False)
        self.key = nn.Linear(shape.width, key_width, bias=False)
        self.value = nn.Linear(shape.width, key_width, bias=False)
        self.output = nn.Linear(shape.width, shape.width, bias=False)

    def forward(self, states: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        """Map states (rows, length, width) to the same shape."""
        n_rows, length, width = states.shape
        query = self._heads(self.query(states), self.shape.n_heads)
        key = self._heads(self.key(states), self.shape.n_key_heads)
        value = self._heads(self.value(states), self.shape.n_key_heads)
        mixed = attended(
            rotated(query, rotation), self._repeated(rotated(key, rotation)), self._repeated(value)
        )
        merged: Tensor = self.output(mixed.transpose(1, 2).reshape(n_rows, length, width))
        return merged

    def _heads(self, states: Tensor, n_heads: int) -> Tensor:
        """Return (rows, heads, length, head width)."""
        n_rows, length, _ = states.shape
        return states.view(n_rows, length, n_heads, self.shape.head_width).transpose(1, 2)

    def _repeated(self, heads: Tensor) -> Tensor:
        """Repeat each key or value head for the queries that share it."""
        return heads.repeat_interleave(self.shape.n_heads // self.shape.n_key_heads, dim=1)


class FeedForward(nn.Module):
    """SwiGLU: down(silu(gate(x)) * up(x))."""

    def __init__(self, shape: Shape) -> None:
        """Create the three projections."""
        super().__init__()
        self.gate = nn.Linear(shape.width, shape.inner_width, bias=False)
        self.up = nn.Linear(shape.width, shape.inner_width, bias=False)
        self.down = nn.Linear(shape.inner_width, shape.width, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        """Map states (..., width) to the same shape."""
        mapped: Tensor = self.down(functional.silu(self.gate(states)) * self.up(states))
        return mapped


class Layer(nn.Module):
    """Attention and feed-forward, each behind a norm and beside a residual."""

    def __init__(self, shape: Shape) -> None:
        """Create both parts and their norms."""
        super().__init__()
        self.attention_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.attention = Attention(shape)
        self.feed_forward_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.feed_forward = FeedForward(shape)

    def forward(self, states: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        """Map states (rows, length, width) to the same shape."""
        attended_states: Tensor = states + self.attention(self.attention_norm(states), rotation)
        changed: Tensor = attended_states + self.feed_forward(self.feed_forward_norm(attended_states))
        return changed


class Llama(nn.Module):
    """Token ids in, logits out."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, shape: Shape) -> None:
        """Create all layers with weights drawn small enough to start near zero output."""
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.n_pieces, shape.width)
        layers = [Layer(shape) for _ in range(shape.n_layers)]
        self.layers = nn.ModuleList(layers)
        self.norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        nn.init.normal_(self.embedding.weight, std=0.02)
        for layer in layers:
            nn.init.zeros_(layer.attention.output.weight)
            nn.init.zeros_(layer.feed_forward.down.weight)
        cosine, sine = rotation_table(shape)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)

    def forward(self, token_ids: Tensor) -> Tensor:
        """Map ids (rows, length) to logits (rows, length, pieces)."""
        length = token_ids.shape[1]
        rotation = (self.cosine[:length], self.sine[:length])
        states = self.embedding(token_ids)
        for layer in self.layers:
            states = layer(states, rotation)
        return functional.linear(self.norm(states), self.embedding.weight)


def attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Return softmax(q k^T / sqrt(d)) v under a causal mask; all (rows, heads, length, d).

    Written out because, on a CPU and for rows of 30 to 300 tokens, it takes a fraction of the
    time of torch's fused attention.
    """
    length, width = query.shape[-2:]
    scores = (query * width**-0.5) @ key.mT
    future = torch.full((length, length), float("-inf"), dtype=scores.dtype).triu(1)
    shares = (scores + future).softmax(-1)
    mixed: Tensor = shares.to(value.dtype) @ value
    return mixed


def rotation_table(shape: Shape) -> tuple[Tensor, Tensor]:
    """Return cosine and sine, each (context, head width / 2)."""
    exponents = torch.arange(0, shape.head_width, 2) / shape.head_width
    angles = torch.outer(torch.arange(shape.n_context), shape.rope_base**-exponents)
    return angles.cos(), angles.sin()


def rotated(heads: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Rotate pair (i, i + half) of each head by its position.

    heads: (rows, heads, length, head width). llama.cpp pairs (2i, 2i + 1) instead, for
    which `export_gguf` reorders the rows of the projections.
    """
    cosine, sine = (table.to(heads.dtype) for table in rotation)
    one, other = heads.chunk(2, dim=-1)
    return torch.cat((one * cosine - other * sine, other * cosine + one * sine), dim=-1)
