"""What a person sees of models that come into memory: bars on a terminal, lines elsewhere."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Self, TextIO

from corral.core.model_view import ModelState

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.progress import Progress, TaskID

    from corral.core.model_view import ModelEvent

_UNDER_WAY = {
    ModelState.DOWNLOADING: "Downloading {}",
    ModelState.WAITING: "Waiting for room for {}",
    ModelState.LOADING: "Loading {}",
    ModelState.RESTARTING: "Restarting {}",
}
_COME_TO = {
    ModelState.READY: "{} is ready",
    ModelState.FAILED: "{} could not be loaded",
    ModelState.QUARANTINED: "{} is in quarantine",
}


class LoadingBars:
    """Shows events of models on `screen`; to be entered. May be called from any thread.

    A terminal gets a bar for each model that is on its way, which goes when it has arrived; what is no
    terminal a line for each change of state. What was so before we looked (event 0) is no news. `ready_text`
    says of a model that it is ready.
    """

    def __init__(self, screen: TextIO, ready_text: Callable[[str], str] | None = None) -> None:
        self._screen = screen
        self._ready_text = ready_text or _COME_TO[ModelState.READY].format
        self._is_terminal = screen.isatty()
        self._lock = threading.Lock()
        self._states: dict[str, ModelState] = {}
        self._progress: Progress | None = None
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._put_away()

    def show(self, event: ModelEvent) -> None:
        """Show what `event` changes."""
        with self._lock:
            is_new = self._states.get(event.model) is not event.state
            self._states[event.model] = event.state
            if event.state in _UNDER_WAY:
                self._show_way(event, _UNDER_WAY[event.state].format(event.model), is_new=is_new)
                return
            self._remove(event.model)
            if is_new and event.n > 0 and event.state in _COME_TO:
                reason = f": {event.reason}" if event.reason else ""
                is_ready = event.state is ModelState.READY
                text = (self._ready_text if is_ready else _COME_TO[event.state].format)(event.model)
                self._say(text + reason)

    def _show_way(self, event: ModelEvent, text: str, *, is_new: bool) -> None:
        if not self._is_terminal:
            if is_new:
                self._say(text)
            return
        progress = self._progress = self._progress or _started(self._screen)
        if event.model not in self._bars:
            self._bars[event.model] = progress.add_task(text, total=None)
        # Without a total the bar shows that something goes on. News are few: each is shown at once.
        total, completed = (None, 0.0) if event.progress is None else (1.0, event.progress)
        bar = self._bars[event.model]
        progress.update(bar, description=text, total=total, completed=completed, refresh=True)

    def _remove(self, model: str) -> None:
        bar = self._bars.pop(model, None)
        if bar is not None and self._progress is not None:
            self._progress.remove_task(bar)
        if not self._bars:
            self._put_away()

    def _put_away(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self._bars.clear()

    def _say(self, text: str) -> None:
        if self._progress is not None:
            self._progress.console.print(text)
            return
        with contextlib.suppress(BrokenPipeError):  # nobody reads it any more: no reason to stop serving
            print(text, file=self._screen, flush=True)


def _started(screen: TextIO) -> Progress:
    # Imported for bars only: it takes a twentieth of the whole start.
    from rich import progress as rich  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    console = Console(file=screen, markup=False, highlight=False, emoji=False)
    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.TaskProgressColumn(),
        rich.TimeElapsedColumn(),
    )
    bars = rich.Progress(*columns, console=console, transient=True)
    bars.start()
    return bars
