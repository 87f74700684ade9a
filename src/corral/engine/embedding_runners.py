"""Which runner makes vectors, by the name of the kind of engine."""

from __future__ import annotations

from collections.abc import Callable

from corral.core.errors import ModelLoadError
from corral.core.messages import Load
from corral.engine.embedding_ports import EmbeddingRunner


def load(command: Load, progress: Callable[[float], None]) -> EmbeddingRunner:
    """Return the runner that `command` names. Raises `ModelLoadError`, `NotSupportedError`."""
    if command.runner == "fake":
        from corral.engine import fake_embedding  # noqa: PLC0415 - a real engine needs no fake

        return fake_embedding.load(command.model_path, command.engine)
    if command.runner == "llama":
        from corral.engine.llama import embedding  # noqa: PLC0415 - nor the fake llama.cpp

        return embedding.load(command.model_path, command.engine, progress)
    raise ModelLoadError(f"there is no runner called {command.runner!r}")
