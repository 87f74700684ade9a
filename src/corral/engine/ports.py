"""What the scheduler needs from the thing that makes tokens. `llama.runner` and `fake` provide it."""

from __future__ import annotations

from collections.abc import Sequence as Items
from typing import NamedTuple, Protocol, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from corral.core.errors import CorralError
from corral.core.messages import ModelFacts
from corral.core.outcome import TokenProbs
from corral.core.sampling import SamplingParams
from corral.engine.batch import Batch
from corral.engine.loras import Loras
from corral.engine.media import MediaPrompt, Projector, Span
from corral.engine.radix import Tokens
from corral.engine.structure.constraint import Constraint

State = npt.NDArray[np.uint8]


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

    def is_special(self, token: int) -> bool:
        """Return whether `token` is a mark of its own, which no text can spell."""
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

    def add(self, seq_id: int, first: int, end: int, delta: int) -> None:
        """Move the positions in [first, end) by `delta`."""
        ...

    def divide(self, seq_id: int, first: int, end: int, divisor: int) -> None:
        """Divide the positions in [first, end)."""
        ...

    def span(self, seq_id: int) -> tuple[int, int]:
        """Return the first and the last position that the sequence holds; -1 and -1 when it is empty."""
        ...

    def state(self, seq_id: int) -> State:
        """Return a copy of all that the sequence holds, for `set_state` of this or an equal model."""
        ...

    def set_state(self, seq_id: int, state: State) -> bool:
        """Give the sequence what `state` holds, in place of its own. False: it does not fit; it is empty."""
        ...


class Sampler(Protocol):
    """The sampler chain of one sequence. Owned by the sequence, which closes it once.

    With a `constraint` it chooses among what that allows, and tells it what it chose.
    """

    constraint: Constraint | None

    def accept(self, tokens: Tokens) -> None:
        """Tell the chain of tokens that it did not choose itself, oldest first."""
        ...

    def close(self) -> None:
        """Free it."""
        ...


class Sampled(msgspec.Struct, frozen=True):
    """A chosen token, with probabilities if they were asked for. A struct: it is made for every token.

    `forced` tokens follow it without a choice. `is_last`: by its grammar nothing can follow those. With a
    `failure` there is no token: the grammar could not be followed.
    """

    token: int
    probs: TokenProbs | None = None
    forced: tuple[int, ...] = ()
    is_last: bool = False
    failure: CorralError | None = None

    @property
    def tokens(self) -> tuple[int, ...]:
        """All tokens, oldest first."""
        return (self.token, *self.forced)


class Steered(NamedTuple):
    """The logits of output row number `place` keep away from those of number `companion` by `scale`.

    Numbers count the output rows of a decode, in order.
    """

    place: int
    companion: int
    scale: float


class DraftModel(Protocol):
    """A small model that guesses what a large one of the same vocabulary will say. Of the runner's thread."""

    def guess(self, tokens: list[int], n_most: int, p_min: float, *, owner: object) -> list[int] | None:
        """Return what follows `tokens`, at most `n_most`, until one is less probable than `p_min`.

        None while it is still reading the text, and for a text that is too long for it. What it knows of one
        owner's text it does not use for another's.
        """
        ...


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

    @property
    def draft_model(self) -> DraftModel | None:
        """What guesses ahead, None where only the text itself does."""
        ...

    @property
    def projector(self) -> Projector | None:
        """What reads images, None for a model of text only."""
        ...

    @property
    def fingerprint(self) -> str:
        """What tells model, adapters and kind of memory from others: states fit where it is equal."""
        ...

    def use_loras(self, loras: Loras) -> None:
        """Have the next decodes computed with these adapters."""
        ...

    def decode(self, n_rows: int) -> None:
        """Compute the first `n_rows` rows of `batch`. Raises `DecodeError`."""
        ...

    def decode_media(
        self, media: MediaPrompt, span: Span, seq_id: int, *, position: int, is_last_output: bool
    ) -> None:
        """Compute an image into memory, its first row at `position`; in parts of as many rows as `batch` has.

        Raises `CorralError` when it cannot be encoded and nothing has changed, `DecodeError` as `decode`.
        """
        ...

    def sampler(self, params: SamplingParams, seed: int, bias: Items[tuple[int, float]]) -> SamplerT:
        """Return a new chain; `bias` pairs token ids with offsets."""
        ...

    def sample(self, rows: Items[tuple[int, SamplerT]], steered: Items[Steered] = ()) -> list[Sampled]:
        """Choose a token for each (batch row, chain): the first output rows of the last decode, in order.

        The companions that `steered` names are output rows too, which nobody samples from.
        """
        ...

    def sample_at(self, place: int, row: int, sampler: SamplerT) -> Sampled:
        """Choose a token from output row number `place` of the last decode, which is batch row `row`."""
        ...

    def logprobs(self, place: int, tokens: list[int]) -> list[float]:
        """Return the log-probabilities of `tokens` in output row number `place` of the last decode."""
        ...

    def lease_cores(self, cpus: tuple[int, ...], n_threads: int | None = None) -> None:
        """Compute on these CPUs only, with fewer threads where they are few; with none, on all again.

        `n_threads` compute at most. Called between steps.
        """
        ...

    def leave(self) -> None:
        """Say what is to be said at the end: the process ends next, and the system takes everything back."""
        ...

    def close(self) -> None:
        """Free everything, once."""
        ...
