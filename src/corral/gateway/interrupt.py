"""Ctrl-C and SIGTERM: once to end in order, twice to end at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Takes the signals of this process while entered; on the main thread, inside its event loop.

    The first one sets `came`, which others may set as well. The second calls `last_words`, which must be
    quick, and ends the process with status 1 from within the signal handler: it works even when the event
    loop is stuck.
    """

    def __init__(self, came: asyncio.Event, last_words: Callable[[], None]) -> None:
        self._came = came
        self._last_words = last_words
        self._n_signals = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._previous: dict[signal.Signals, signal.Handlers | Callable[..., object] | int | None] = {}

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self._n_signals += 1
        if self._n_signals > 1:
            self._last_words()
            sys.stdout.flush()
            os._exit(1)
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._came.set)
