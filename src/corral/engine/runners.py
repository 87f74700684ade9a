"""Which runner generates, by the name of the kind of engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corral.core.errors import CorralError, ModelLoadError
from corral.core.messages import Load
from corral.engine.ports import Runner
from corral.engine.standing import Standing


def load(command: Load, progress: Callable[[float], None]) -> Runner[Any]:
    """Return the runner that `command` names, its model loaded.

    Raises `CorralError`, also when the system prompt leaves no room for others.
    """
    runner = _loaded(command, progress)
    try:
        Standing(runner.vocabulary, runner.facts)
    except CorralError:
        runner.close()
        raise
    return runner


def get_ready(kind: str) -> None:
    """Import what runners of that kind need, so that a load later on need not wait for it."""
    if kind == "llama":
        from corral.engine.llama import runner  # noqa: F401, PLC0415 - the fake must not need llama.cpp


def _loaded(command: Load, progress: Callable[[float], None]) -> Runner[Any]:
    if command.runner == "fake":
        from corral.engine import fake  # noqa: PLC0415 - a real engine needs no fake

        return fake.load(command.model_path, command.engine)
    if command.runner == "llama":
        from corral.engine.llama import runner  # noqa: PLC0415 - nor the fake llama.cpp

        return runner.load(command.model_path, command.engine, progress)
    raise ModelLoadError(f"there is no runner called {command.runner!r}")
