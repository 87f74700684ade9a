"""Models that are fetched to this machine because somebody asks for them, not a request."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from corral.catalog.cancel import Cancellable
from corral.core.errors import CorralError, UnavailableError, from_report
from corral.core.model_view import ModelState
from corral.gateway.preparation import in_thread, told_on_loop

if TYPE_CHECKING:
    from corral.catalog.progress import Progress
    from corral.core.settings import ModelSettings
    from corral.gateway.model_events import ModelEvents

_STOPPING = "The server is being stopped"


class Pulls:
    """The downloads under way. `settings` say where they go, and by which rights; `events` are told."""

    def __init__(self, settings: ModelSettings, events: ModelEvents) -> None:
        self._settings = settings
        self._events = events
        self._under_way: dict[str, asyncio.Task[str]] = {}
        self._is_closed = False

    async def pull(self, source: str) -> str:
        """Return the name by which the model of `source` is declared once it is here.

        Who asks for what is under way waits for it, and does not end it by waiting no more. Raises
        CorralError.
        """
        if self._is_closed:
            raise UnavailableError(_STOPPING)
        task = self._under_way.get(source)
        if task is None:
            task = self._under_way[source] = asyncio.create_task(self._pull(source), name=f"pull {source}")
            task.add_done_callback(lambda task: self._ended(source, task))
        await asyncio.wait([task])
        if task.cancelled():
            raise UnavailableError(_STOPPING)
        error = task.exception()
        if isinstance(error, CorralError):
            raise from_report(error.report())  # one for each: a raised exception is not shared
        return task.result()

    def close(self) -> None:
        """End the downloads; what has arrived stays."""
        self._is_closed = True
        for task in self._under_way.values():
            task.cancel()

    def _ended(self, source: str, task: asyncio.Task[str]) -> None:
        del self._under_way[source]
        if not task.cancelled():
            task.exception()  # nobody may be left who waits for it

    async def _pull(self, source: str) -> str:
        tell = self._events.tell
        told = told_on_loop(lambda fraction: tell(source, ModelState.DOWNLOADING, progress=fraction))
        progress = Cancellable(told)
        try:
            name = await in_thread(lambda: _pulled(source, self._settings, progress))
        except BaseException as error:
            progress.cancel()
            tell(source, ModelState.FAILED, reason=str(error))
            raise
        tell(source, ModelState.UNLOADED)
        return name or source


def _pulled(source: str, settings: ModelSettings, progress: Progress) -> str | None:
    # Imported here: their libraries take half a second.
    from corral.catalog.pull import pull  # noqa: PLC0415
    from corral.catalog.pulled import pulled_model  # noqa: PLC0415

    files = pull(source, settings, progress)
    found = pulled_model(files[0], Path(settings.cache_dir or "."))
    return None if found is None else found.name
