"""What moves states between the KV cells and the tiers. Owned by the ledger, which says when."""

from __future__ import annotations

from corral.engine.media import n_positions
from corral.engine.ports import Memory, State
from corral.engine.prefixes import Space
from corral.engine.radix import Tokens
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.checkpoints import Checkpoints
from corral.engine.tiers.tiers import Tiers


class Copies:
    """Copies states out and in. Without `is_trimmable` a sequence must hold just what it is said to hold."""

    def __init__(self, memory: Memory, tiers: Tiers, *, is_trimmable: bool) -> None:
        self._memory = memory
        self._tiers = tiers
        self._is_trimmable = is_trimmable
        self._checkpoints = Checkpoints() if is_trimmable or not tiers.has_host else tiers.checkpoints

    @property
    def has_checkpoints(self) -> bool:
        """Whether states are kept on the way."""
        return self._checkpoints.is_on

    def save(self, seq_id: int, space: Space, tokens: Tokens) -> None:
        """Have the tiers keep what `seq_id` holds, which is `tokens`, unless they have it."""
        state = self._state(seq_id, tokens) if self._tiers.is_wanted(space, tokens) else None
        if state is not None:
            self._tiers.keep(space, tokens, state)

    def leave(self, seq_id: int, space: Space, tokens: Tokens) -> None:
        """Have it brought to disk, if there is one, as the engine ends."""
        state = self._state(seq_id, tokens) if self._tiers.is_worth_leaving(space, tokens) else None
        if state is not None:
            self._tiers.leave(space, tokens, state)

    def restore(self, seq_id: int, blob: Blob) -> bool:
        """Give a sequence what a blob holds; False where llama.cpp does not take it, then it is empty.

        A blob that is refused is let go: it would be refused again.
        """
        self._memory.clear(seq_id)
        try:
            if self._memory.set_state(seq_id, blob.state):
                return True
        except MemoryError:
            self._memory.clear(seq_id)
            return False
        self._tiers.reject(blob)
        return False

    def is_checkpoint_due(self, space: Space, tokens: Tokens, *, is_inside: bool = False) -> bool:
        """Whether the state of a sequence that holds exactly `tokens` should be kept."""
        if not self.has_checkpoints:
            return False
        n_before = self._tiers.match(space, tokens).n_tokens
        return self._checkpoints.is_due(len(tokens), n_before, is_inside=is_inside)

    def checkpoint(self, seq_id: int, space: Space, tokens: Tokens, *, is_inside: bool = False) -> None:
        """Keep the state of `seq_id`, which holds exactly `tokens`, if that is due."""
        if self.is_checkpoint_due(space, tokens, is_inside=is_inside):
            self.save(seq_id, space, tokens)
            self._tiers.thin(space, tokens, self._checkpoints.n_most)

    def _state(self, seq_id: int, tokens: Tokens) -> State | None:
        """Return a copy of what `seq_id` holds, cut to `tokens`; None where there is no memory for it."""
        if self._is_trimmable:
            self._memory.trim(seq_id, n_positions(tokens))
        try:
            return self._memory.state(seq_id)
        except MemoryError:
            return None
