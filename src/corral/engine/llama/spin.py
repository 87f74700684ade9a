"""How long OpenMP threads spin before they sleep: to be said before llama.cpp is loaded, so imports none."""

from __future__ import annotations

import os

from corral.core.engine_settings import EngineSettings

ROUNDS_PER_LEVEL = (
    1024 * 128
)  # what ggml's own threads spin for each level (ggml_graph_compute_poll_for_work)


def set_poll(settings: EngineSettings) -> None:
    """Pass `--poll` to libgomp, which reads it once, at its load, and knows one level for all."""
    levels = (settings.cpu.poll, settings.cpu_batch.poll)
    level = next((level for level in levels if level is not None), None)
    if level is not None:
        os.environ["GOMP_SPINCOUNT"] = str(level * ROUNDS_PER_LEVEL)
