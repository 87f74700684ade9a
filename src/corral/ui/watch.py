"""Changes of models, told to a tab while its browser is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from nicegui import ui

from corral.api.ports import ModelsPort
from corral.core.model_view import ModelEvent


class Watch:
    """Calls `hear` with each change of state, from when the browser connects until it leaves.

    Whenever it connects, `hear` is called with None: anything may have changed since.
    """

    def __init__(self, models: ModelsPort, hear: Callable[[ModelEvent | None], None]) -> None:
        self._models = models
        self._hear = hear
        self._following: asyncio.Task[None] | None = None
        client = ui.context.client
        client.on_connect(self._begin)
        client.on_disconnect(self._end)
        client.on_delete(self._end)
        if client.has_socket_connection:
            self._begin()

    def _begin(self) -> None:
        self._end()
        self._following = asyncio.create_task(self._follow(), name="page's watch")

    def _end(self) -> None:
        if self._following is not None:
            self._following.cancel()

    async def _follow(self) -> None:
        self._hear(None)
        async for event in self._models.events():
            self._hear(event)
