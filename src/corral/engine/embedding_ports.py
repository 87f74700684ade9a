"""What the embedding scheduler needs from the thing that makes vectors."""

from __future__ import annotations

from collections.abc import Sequence as Items
from typing import Protocol

import numpy as np
import numpy.typing as npt

from corral.core.messages import ModelFacts
from corral.engine.pairs import PairLayout
from corral.engine.ports import Vocabulary
from corral.engine.radix import Tokens

Vectors = npt.NDArray[np.float32]
"""The vectors of one input: [1, width] with pooling, [n_tokens, width] without."""


class EmbeddingRunner(Protocol):
    """A loaded model that gives vectors, or scores: those are the first number of a vector.

    One `embed` takes at most `n_inputs` inputs that have at most `n_rows` tokens together; or one alone, that
    may be longer, up to `n_input`, where the model can take it in parts.
    """

    facts: ModelFacts
    width: int
    n_rows: int
    n_inputs: int
    n_input: int
    pairs: PairLayout

    @property
    def vocabulary(self) -> Vocabulary:
        """The tokenizer."""
        ...

    def embed(self, inputs: Items[Tokens]) -> list[Vectors]:
        """Return the vectors of each input, which know nothing of each other. Raises `DecodeError`."""
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
