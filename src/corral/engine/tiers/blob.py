"""The KV of a prefix outside the cells: what `Memory.state` gave, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass

from corral.engine.ports import State
from corral.engine.prefixes import Space
from corral.engine.radix import Tokens

# Attention makes a token cost twice as much behind so many others, on the models that were measured.
DOUBLING_TOKENS = 8192


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Blob:
    """The state of a sequence that held exactly `tokens`, for `space` to reuse."""

    space: Space
    tokens: Tokens
    state: State

    @property
    def n_bytes(self) -> int:
        """What it takes, state and tokens."""
        return int(self.state.nbytes + self.tokens.nbytes)

    @property
    def worth(self) -> float:
        """What recomputing it costs for each byte, in prompt tokens."""
        n = len(self.tokens)
        return n * (1 + n / (2 * DOUBLING_TOKENS)) / self.n_bytes
