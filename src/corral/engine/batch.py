"""The tokens of one decode, in arrays that are allocated once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(slots=True)
class Batch:
    """Rows of one decode. All arrays have the same capacity; `n_rows` are filled.

    `is_output[i]` is 1 where logits are wanted. A runner may hand in views over memory of its own, so the
    arrays are filled in place and never replaced.
    """

    tokens: npt.NDArray[np.int32]
    positions: npt.NDArray[np.int32]
    seq_ids: npt.NDArray[np.int32]
    is_output: npt.NDArray[np.int8]
    n_rows: int = 0

    @classmethod
    def allocate(cls, n_max: int) -> Batch:
        """Return an empty batch with arrays of its own."""
        return cls(
            tokens=np.zeros(n_max, np.int32),
            positions=np.zeros(n_max, np.int32),
            seq_ids=np.zeros(n_max, np.int32),
            is_output=np.zeros(n_max, np.int8),
        )

    @property
    def n_max(self) -> int:
        """Capacity in rows."""
        return len(self.tokens)

    def clear(self) -> None:
        """Forget all rows."""
        self.n_rows = 0

    def add_decodes(self, tokens: list[int], positions: list[int], seq_ids: list[int]) -> None:
        """Add one output row for each sequence."""
        span = slice(self.n_rows, self.n_rows + len(tokens))
        self.tokens[span] = tokens
        self.positions[span] = positions
        self.seq_ids[span] = seq_ids
        self.is_output[span] = 1
        self.n_rows = span.stop

    def add_chunk(
        self, tokens: npt.NDArray[np.int32], position: int, seq_id: int, *, is_last_output: bool
    ) -> int:
        """Add consecutive tokens of one sequence; return the row of the last."""
        span = slice(self.n_rows, self.n_rows + len(tokens))
        self.tokens[span] = tokens
        self.positions[span] = np.arange(position, position + len(tokens), dtype=np.int32)
        self.seq_ids[span] = seq_id
        self.is_output[span] = 0
        self.is_output[span.stop - 1] = is_last_output
        self.n_rows = span.stop
        return span.stop - 1
