"""How far a prompt is, as llama-server's streams tell it."""

from __future__ import annotations

from corral.core.outcome import PromptProgress


def shown(progress: PromptProgress) -> dict[str, float]:
    """Return `prompt_progress`; `processed` counts the cached tokens too."""
    return {
        "total": progress.n_prompt_tokens,
        "cache": progress.n_cached,
        "processed": progress.n_done,
        "time_ms": progress.elapsed_ms,
    }
