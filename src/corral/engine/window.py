"""The context as a window over a growing text: what is cut when it is full. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from corral.core.engine_settings import EngineSettings, RopeSettings
from corral.core.errors import ModelLoadError

MIN_FREE_CELLS = 4  # llama-server keeps at least these free of n_keep


@dataclass(frozen=True, slots=True)
class Cut:
    """Tokens [n_keep, n_keep + n_discard) go; the rest stays."""

    n_keep: int
    n_discard: int


def cut_prompt(n_prompt: int, n_ctx: int, n_keep: int | None) -> Cut | None:
    """Return what an over-long prompt loses, None if it fits (it must be shorter than `n_ctx`).

    Whole blocks of half the free window go, as in llama-server: a prompt of 301 in a context of 128 leaves
    109. `n_keep` None keeps as much as possible.
    """
    if n_prompt < n_ctx:
        return None
    n_kept = _clamped(n_keep, n_prompt, n_ctx)
    n_block = max((n_ctx - n_kept) // 2, 1)
    return Cut(n_kept, (n_prompt - n_kept - n_block) // n_block * n_block)


def cut_context(n_past: int, n_ctx: int, n_keep: int | None, n_discard: int, n_prompt: int) -> Cut:
    """Return what a full context loses so that generation can go on: by default half of what is not kept."""
    n_kept = min(_clamped(n_keep, n_prompt, n_ctx), n_past - 1)
    n_left = n_past - n_kept
    return Cut(n_kept, min(n_discard, n_left - 1) if n_discard > 0 else max(n_left // 2, 1))


def is_window_sliding(settings: EngineSettings, *, is_shiftable: bool) -> bool:
    """Return whether a full context drops its older part, of a model that can (`is_shiftable`).

    Self-extend moves positions in a way of its own, so that nothing is cut then.
    """
    return is_shiftable and settings.is_context_shift and settings.rope.group_n == 1


def check_grouping(rope: RopeSettings, *, is_shiftable: bool) -> None:
    """Raise `ModelLoadError` where self-extend is asked of a model whose positions cannot be moved."""
    if rope.group_n > 1 and not is_shiftable:
        raise ModelLoadError("--grp-attn-n: the positions of this model's memory cannot be moved")


def _clamped(n_keep: int | None, n_prompt: int, n_ctx: int) -> int:
    wanted = n_prompt if n_keep is None else n_keep
    return max(0, min(wanted, n_ctx - MIN_FREE_CELLS))
