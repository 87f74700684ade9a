"""One download of a file at a time, among the threads and processes of this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from corral.core.errors import ModelLoadError

_LOOK_S = 0.25  # between two looks at how far the other one is


@contextlib.contextmanager
def turn(lock: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file; while somebody else does, wait, and call `waiting` a few times each second.

    What `waiting` raises ends the wait. The lock of a process that has died is free.
    """
    # The hub library's: its downloads and ours wait for each other. Imported for downloads only.
    from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]  # noqa: PLC0415

    lock.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as held:
        while True:
            try:
                held.enter_context(WeakFileLock(lock, timeout=_LOOK_S))
            except TimeoutError:
                waiting()
            else:
                break
        yield


def lock_path(file: Path) -> Path:
    """Return the lock of a download to `file`."""
    return file.with_name(f"{file.name}.lock")


def check_idle(lock: Path) -> None:
    """Raise ModelLoadError while somebody holds the lock."""

    def refuse() -> None:
        raise ModelLoadError(f"{lock.name.removesuffix('.lock')} is being downloaded")

    if lock.is_file():
        with turn(lock, refuse):
            pass
