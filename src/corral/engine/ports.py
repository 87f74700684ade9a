"""What the scheduler needs from the thing that makes tokens. `llama.runner` and `fake` provide it."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Protocol, TypeVar

from corral.core.messages import ModelFacts
from corral.core.outcome import TokenProbs
from corral.core.sampling import SamplingParams
from corral.engine.batch import Batch
from corral.engine.radix import Tokens


class DecodeError(Exception):
    """The batch could not be computed; the memory of its sequences is in doubt."""


class Vocabulary(Protocol):
    """Text to token ids and back. Safe to call from any thread."""

    n_tokens: int
    eog: frozenset[int]  # the end-of-generation tokens

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Return the ids of `text`."""
        ...

    def piece(self, token: int, *, is_special_shown: bool) -> bytes:
        """Return the bytes of one token; those of special tokens only when asked for."""
        ...


class Memory(Protocol):
    """The KV cells, by seq_id. Called between steps only."""

    def copy(self, source: int, target: int) -> None:
        """Give `target` all that `source` holds. What `target` held is gone."""
        ...

    def trim(self, seq_id: int, n_keep: int) -> bool:
        """Forget all positions from `n_keep` on. False: cannot be cut there, nothing was changed."""
        ...

    def clear(self, seq_id: int) -> None:
        """Forget all of the sequence."""
        ...

    def shift(self, seq_id: int, n_keep: int, n_discard: int, n_past: int) -> None:
        """Forget [n_keep, n_keep + n_discard) and slide the positions up to `n_past` down by `n_discard`."""
        ...


class Sampler(Protocol):
    """The sampler chain of one sequence. Owned by the sequence, which closes it once."""

    def accept(self, tokens: Tokens) -> None:
        """Tell the chain of tokens that it did not choose itself, oldest first."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


@dataclass(frozen=True, slots=True)
class Sampled:
    """A chosen token, with probabilities if they were asked for."""

    token: int
    probs: TokenProbs | None = None


SamplerT = TypeVar("SamplerT", bound=Sampler)


class Runner(Protocol[SamplerT]):
    """A loaded model. One thread owns it; only `vocabulary` is shared.

    `n_cells` is the capacity over all sequences in tokens; `copy_ms` an estimate of what `memory.copy` of one
    sequence costs. `is_trimmable`: `memory.trim` works at
    any position; `is_shiftable`: `memory.shift` works.
    """

    facts: ModelFacts
    batch: Batch
    n_slots: int
    n_cells: int
    is_trimmable: bool
    is_shiftable: bool
    copy_ms: float

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokenizer."""
        ...

    @property
    def memory(self) -> Memory:
        """The KV cells."""
        ...

    def decode(self, n_rows: int) -> None:
        """Compute the first `n_rows` rows of `batch`. Raises `DecodeError`."""
        ...

    def sampler(self, params: SamplingParams, seed: int, bias: Items[tuple[int, float]]) -> SamplerT:
        """Return a new chain; `bias` pairs token ids with offsets."""
        ...

    def sample(self, rows: Items[tuple[int, SamplerT]]) -> list[Sampled]:
        """Choose a token for each (batch row, chain): every output row of the last decode, in order."""
        ...

    def close(self) -> None:
        """Free everything, once."""
        ...
