"""How far a prompt is, as llama-server's streams tell it."""

from __future__ import annotations

from typing import Any

from corral.api.generation.timings import timings
from corral.core.outcome import PromptProgress


def shown(progress: PromptProgress, *, has_timings: bool) -> dict[str, Any]:
    """Return what an event tells: `prompt_progress`, and the timings so far where every event has them."""
    told: dict[str, Any] = {"prompt_progress": _progress(progress)}
    if has_timings:
        n_done = progress.n_done - progress.n_cached
        elapsed_ms = progress.elapsed_ms if n_done else 0.0
        told["timings"] = timings(n_done, elapsed_ms, 0, 0.0, n_cached=progress.n_cached)
    return told


def _progress(progress: PromptProgress) -> dict[str, float]:
    """Return `prompt_progress`; `processed` counts the cached tokens too."""
    return {
        "total": progress.n_prompt_tokens,
        "cache": progress.n_cached,
        "processed": progress.n_done,
        "time_ms": progress.elapsed_ms,
    }
