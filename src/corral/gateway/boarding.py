"""One load of a model: its files are found, room is waited for, its engine gets ready."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from corral.core.errors import UnavailableError
from corral.core.memory import Memory
from corral.core.messages import Load
from corral.core.model_view import ModelState
from corral.gateway.lifecycle import FINAL, State
from corral.gateway.preparation import told_on_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from corral.catalog.entry import ModelEntry
    from corral.core.errors import CorralError
    from corral.gateway.model import Model
    from corral.gateway.preparation import Preparation, Prepared
    from corral.gateway.worker import Worker

UNLOADED = "The model was unloaded while it was being loaded"


class Boarding:
    """The way of `model` into memory, once; whoever wants the model meanwhile waits for this one.

    `entry` is the declaration that is loaded, whatever becomes of the model's own. `stage`, `progress` and
    `reason` tell how far it is before its process starts; the present stage began at `begun_s`. `load` and
    `need` are known from `since_s` on, when it wants room. `error` says why it ended, None while it goes on
    and when it succeeded. `changed` is told when more of the files is here.
    """

    def __init__(self, model: Model, begun_s: float, changed: Callable[[Model], None]) -> None:
        self.model = model
        self._changed = changed
        self.entry: ModelEntry = model.entry
        self.stage: ModelState | None = ModelState.LOADING
        self.progress: float | None = None
        self.reason = ""
        self.begun_s = begun_s
        self.since_s = 0.0
        self.load: Load | None = None
        self.need = Memory()
        self.n_reclaimable_bytes = 0
        self.worker: Worker | None = None
        self.error: CorralError | None = None
        self.is_over = False
        self._room: asyncio.Future[Worker] | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether it wants room and has none yet."""
        return self.stage is ModelState.WAITING

    async def run(self, preparation: Preparation, want_room: Callable[[Boarding], None]) -> None:
        """Return when the engine is ready. Raises the CorralError that says why it is not.

        `want_room` is to answer with `start` or `refuse`, at once or later.
        """
        tell = told_on_loop(self._downloaded)
        settings = self.entry.definition.settings
        prepared = await preparation.prepare(settings, self.model.purpose, tell)
        self._take(prepared)
        self._room = asyncio.get_running_loop().create_future()
        want_room(self)
        worker = await self._room
        await worker.settled.wait()
        if worker.state in FINAL or worker.state is State.DRAINING:
            raise worker.error or UnavailableError(UNLOADED, retry_after_s=1)

    def start(self, worker: Worker, now_s: float) -> None:
        """There is room: `worker` is launched."""
        assert self._room is not None
        self.worker, self.stage, self.reason, self.begun_s = worker, None, "", now_s
        self._room.set_result(worker)

    def refuse(self, error: CorralError) -> None:
        """There will be no room."""
        assert self._room is not None
        self._room.set_exception(error)

    def left_s(self, now_s: float) -> float | None:
        """Return how long the rest takes if it goes on as it did, None if nobody can tell."""
        fraction = self.progress if self.worker is None else self.worker.progress
        if not fraction:
            return None
        return (now_s - self.begun_s) * (1.0 - fraction) / fraction

    def _take(self, prepared: Prepared) -> None:
        parts = prepared.need
        self.load, self.stage, self.progress = prepared.load, ModelState.WAITING, None
        self.need = Memory(self.entry.n_bytes) if parts is None else parts.needed
        self.n_reclaimable_bytes = 0 if parts is None else parts.n_reclaimable_bytes

    def _downloaded(self, fraction: float | None) -> None:
        if self.load is None and not self.is_over:  # what a thread says may come late
            self.stage, self.progress = ModelState.DOWNLOADING, fraction
            self._changed(self.model)
