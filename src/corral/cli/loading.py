"""Waiting for a model, with a bar that shows how far it is."""

from __future__ import annotations

import contextlib
import sys
import threading
from types import TracebackType
from typing import Self

from corral.app.loading_bars import LoadingBars
from corral.cli.outcome import CommandError
from corral.cli.server import RefusedError, Server

_NO_KEY = 401


def load(server: Server, model: str) -> None:
    """Have the server load the model, and show its progress on a terminal. Raises CommandError.

    A server that lets only administrators do that loads it by itself, with the first request.
    """
    with _Watch(server, model) if sys.stderr.isatty() else contextlib.nullcontext():
        try:
            server.load(model)
        except RefusedError as error:
            if error.http_status != _NO_KEY:
                raise


class _Watch:
    """Shows the news of one model while it is entered; they come on a thread of their own."""

    def __init__(self, server: Server, model: str) -> None:
        self._server = server
        self._model = model
        self._bars = LoadingBars(sys.stderr)
        self._lock = threading.Lock()
        self._is_over = False

    def __enter__(self) -> Self:
        # A daemon: it may wait for news that never come.
        threading.Thread(target=self._follow, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._is_over = True
            self._bars.__exit__(kind, error, trace)

    def _follow(self) -> None:
        with contextlib.suppress(CommandError), self._server.news() as news:
            for event in news:
                with self._lock:
                    if self._is_over:
                        return
                    if event.model == self._model:
                        self._bars.show(event)
