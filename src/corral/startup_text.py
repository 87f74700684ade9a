"""What `corral serve` tells the person who started it, on standard output."""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Self, TextIO

from corral import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from rich.progress import Progress, TaskID

    from corral.catalog.source import ModelSource
    from corral.core.messages import ModelFacts

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared with, not bound)


class StartupText:
    """Says a line at each stage of the server's life, on `screen` (default standard output)."""

    def __init__(self, screen: TextIO | None = None) -> None:
        self._screen = screen or sys.stdout

    def listening(self, addresses: Iterable[str]) -> None:
        """The sockets are bound."""
        self._say(f"Corral {__version__} listens on {', '.join(addresses)}")

    def loading(self, source: ModelSource) -> None:
        """The model's file is on this machine."""
        self._say(f"Loading {source.name}")

    def ready(self, source: ModelSource, facts: ModelFacts) -> None:
        """Requests are welcome."""
        self._say(f"{source.name} is ready: {facts.n_slots} slots of {facts.n_ctx} tokens")
        if source.is_bundled:
            self._say("It is the small demonstration model that comes with Corral, and knows little.")
            self._say("Serve a real one with: corral serve -m model.gguf")

    def stopping(self, within_s: float) -> None:
        """A signal came."""
        self._say(f"Stopping: running requests have {within_s:g} s to end; Ctrl-C again ends at once")

    def downloads(self) -> DownloadBars:
        """Return the bars of files that are being downloaded."""
        return DownloadBars(self._screen)

    def _say(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody reads it any more: no reason to stop serving
            print(text, file=self._screen, flush=True)


class DownloadBars:
    """One bar for each file, from the first word of it; a `catalog.progress.Progress` to be entered.

    May be called from any thread.
    """

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen
        self._first = threading.Lock()
        self._progress: Progress | None = None
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, name: str, fraction: float) -> None:
        """Show that `fraction` of the file is here."""
        with self._first:
            progress = self._progress = self._progress or _started(self._screen)
            if name not in self._bars:
                self._bars[name] = progress.add_task(name, total=1.0)
        progress.update(self._bars[name], completed=fraction)


def _started(screen: TextIO) -> Progress:
    # Imported for downloads only: it takes a twentieth of the whole start.
    from rich import progress as rich  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), rich.TaskProgressColumn())
    bars = rich.Progress(*columns, rich.TimeRemainingColumn(), console=Console(file=screen))
    bars.start()
    return bars


def web_address(name: tuple[str, int | None], *, is_tls: bool, prefix: str = "") -> str:
    """Return the URL to open in a browser on this machine. What has no port is a UNIX socket's path."""
    host, port = name
    if port is None:
        return f"unix://{host}"
    host = WILDCARDS.get(host, host)
    scheme = "https" if is_tls else "http"
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}" + (f"{prefix}/" if prefix else "")
