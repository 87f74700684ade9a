"""How a context is shared by sequences."""

from __future__ import annotations

from dataclasses import dataclass

from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError

AUTO_SLOTS = 4
AUTO_KV_BYTES = 4 * 1024**3  # what an unasked-for number of sequences may cost at most
PAD = 256  # llama.cpp rounds the cells of a sequence up to this
_MAX_CELLS = 2**31 - 1  # positions are int32 in llama.h


@dataclass(frozen=True, slots=True)
class Shape:
    """The context in tokens: `n_slots` sequences of `n_ctx` each, `n_cells` cells in all."""

    n_ctx: int
    n_slots: int

    @property
    def n_cells(self) -> int:
        """All cells that sequences may fill."""
        return self.n_ctx * self.n_slots

    @property
    def n_padded(self) -> int:
        """All cells asked of llama.cpp, which then rounds nothing by itself."""
        return -(-self.n_ctx // PAD) * PAD * self.n_slots


def shape(settings: EngineSettings, n_ctx_train: int, kv_bytes_per_token: int, memory_bytes: int) -> Shape:
    """Return how the context is shared.

    `--parallel` given: the context is divided. Not given: every sequence has all of it, as many as fit into
    4 GiB or a quarter of the machine's memory, at most 4.

    Raises:
        ModelLoadError: llama.cpp cannot number so many cells.
    """
    shared = _shape(settings, n_ctx_train, kv_bytes_per_token, memory_bytes)
    if shared.n_padded > _MAX_CELLS:
        raise ModelLoadError(f"a context of {shared.n_cells} tokens is more than llama.cpp can number")
    return shared


def _shape(settings: EngineSettings, n_ctx_train: int, kv_bytes_per_token: int, memory_bytes: int) -> Shape:
    per_slot = settings.n_ctx_slot
    n_ctx = settings.n_ctx or per_slot or n_ctx_train
    if settings.n_parallel is not None:
        share = n_ctx // settings.n_parallel if settings.n_ctx or not per_slot else n_ctx
        return Shape(max(min(share, per_slot or share), 1), settings.n_parallel)
    n_ctx = min(n_ctx, per_slot or n_ctx)
    budget = min(AUTO_KV_BYTES, memory_bytes // 4)
    n_fitting = budget // max(n_ctx * kv_bytes_per_token, 1)
    return Shape(n_ctx, max(1, min(AUTO_SLOTS, n_fitting)))
