"""What `corral serve` tells the person who started it, on standard output."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, TextIO

from corral import __version__
from corral.app.loading_bars import LoadingBars
from corral.core.model_view import ModelState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from corral.core.model_view import ModelEvent, ModelView

_N_SHOWN = 12  # names of models
_N_EXPLAINED = 3  # that cannot be loaded
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared with, not bound)


class StartupText:
    """Says a line at each stage of the server's life, on `screen` (default standard output)."""

    def __init__(self, screen: TextIO | None = None) -> None:
        self._screen = screen or sys.stdout

    def listening(self, addresses: Iterable[str]) -> None:
        """The sockets are bound."""
        self._say(f"Corral {__version__} listens on {', '.join(addresses)}")

    async def follow(
        self, events: AsyncIterator[ModelEvent], ready_text: Callable[[str], str] | None = None
    ) -> None:
        """Show how models come and go, until cancelled."""
        with LoadingBars(self._screen, ready_text) as bars:
            async for event in events:
                bars.show(event)

    def bundled(self, complaints: Sequence[str] = ()) -> None:
        """The lone model is the one that comes with Corral; `complaints` say why, where others were found."""
        for complaint in complaints[:_N_EXPLAINED]:
            self._say(complaint)
        self._say("It is the small demonstration model that comes with Corral, and knows little.")
        self._say("Serve a real one with: corral serve -m model.gguf")

    def remote(self, name: str, base_url: str) -> None:
        """The lone model is run by another server."""
        whose = "" if name == base_url else f" for {name}"
        self._say(f"Requests{whose} are handed on to {base_url}")

    def many(self, views: Sequence[ModelView]) -> None:
        """Several models are served, each loaded when it is asked for."""
        usable = [view.name for view in views if view.state is not ModelState.UNUSABLE]
        shown = [*usable[:_N_SHOWN], *(["..."] if len(usable) > _N_SHOWN else [])]
        if usable:
            counted = "1 model" if len(usable) == 1 else f"{len(usable)} models"
            self._say(f"Serves {counted}, loaded on demand: {', '.join(shown)}")
        else:
            self._say("Serves no model yet: put a GGUF file into the models folder, or `corral pull` one")
        default = next((view.name for view in views if view.is_default), None)
        if default is not None:
            self._say(f"Requests that name none get {default}")
        unusable = [view for view in views if view.state is ModelState.UNUSABLE]
        for view in unusable[:_N_EXPLAINED]:
            self._say(f"{view.name} cannot be loaded: {'; '.join(view.reason.splitlines())}")
        n_more = len(unusable) - _N_EXPLAINED
        if n_more > 0:
            self._say(f"{n_more} more cannot be loaded: `corral models` says why")

    def stopping(self, within_s: float) -> None:
        """A signal came."""
        self._say(f"Stopping: running requests have {within_s:g} s to end; Ctrl-C again ends at once")

    def saving(self) -> None:
        """A signal came, and conversations are kept."""
        self._say("Stopping: conversations are written to disk; Ctrl-C again ends at once")

    def _say(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody reads it any more: no reason to stop serving
            print(text, file=self._screen, flush=True)


def web_address(name: tuple[str, int | None], *, is_tls: bool, prefix: str = "") -> str:
    """Return the URL to open in a browser on this machine. What has no port is a UNIX socket's path."""
    host, port = name
    if port is None:
        return f"unix://{host}"
    host = WILDCARDS.get(host, host)
    scheme = "https" if is_tls else "http"
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}" + (f"{prefix}/" if prefix else "")
