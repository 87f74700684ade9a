"""Which models are in memory: loaded for who wants them, kept while in use, unloaded for others."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, NamedTuple

from corral.core import log
from corral.core.clock import Clock, MonotonicClock
from corral.core.errors import CorralError, QueueFullError, UnavailableError, from_report
from corral.core.memory import Memory
from corral.core.model_view import ModelState
from corral.gateway.lifecycle import FINAL, State
from corral.gateway.placement import Decision, Verdict, place
from corral.gateway.preparation import told_on_loop
from corral.gateway.quarantine import N_FAILURES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from corral.core.messages import Load
    from corral.gateway.model import Model
    from corral.gateway.model_events import ModelEvents
    from corral.gateway.placement import Limits
    from corral.gateway.preparation import Preparation, Prepared
    from corral.gateway.supervisor import Supervisor
    from corral.gateway.worker import Worker

# How long a model waits before another in use is closed for it: time to answer a batch between two swaps.
CLOSE_AFTER_S = 2.0
RETRY_AFTER_S = 5
_COMING = frozenset({ModelState.LOADING, ModelState.DOWNLOADING})

_log = log.get("gateway")


class Want(NamedTuple):
    """A model that waits for room since then. `room` is resolved when its process was started."""

    model: Model
    load: Load
    need: Memory
    since_s: float
    room: asyncio.Future[None]


class Bounds(NamedTuple):
    """What all models together may take, and how long and how many requests wait for room for one."""

    limits: Limits
    load_wait_s: float
    max_queue: int


class Residency:
    """Owner of what `Model`s are in memory. On the event loop only, where no method is interrupted."""

    def __init__(
        self,
        supervisor: Supervisor,
        preparation: Preparation,
        bounds: Bounds,
        events: ModelEvents,
        clock: Clock | None = None,
    ) -> None:
        self.events = events
        self.machine = preparation.machine
        self._supervisor = supervisor
        self._preparation = preparation
        self._bounds = bounds
        self._clock = clock or MonotonicClock()
        self._models: dict[str, Model] = {}
        self._wants: dict[str, Want] = {}
        self._moved = asyncio.Event()
        supervisor.on_move = self._worker_moved

    @contextlib.asynccontextmanager
    async def lease(self, model: Model, keep_alive_s: float | None = None) -> AsyncIterator[None]:
        """Load `model` if it is not, and keep it loaded until left; then it stays for `keep_alive_s`.

        Raises the CorralError that says why it cannot be loaded, or not now.
        """
        self._models[model.key] = model
        if model.n_interested - model.n_active >= self._bounds.max_queue:
            raise QueueFullError("Too many requests wait for this model", retry_after_s=RETRY_AFTER_S)
        model.n_interested += 1
        try:
            await self._until_open(model)
            model.n_active += 1
            try:
                yield
            finally:
                model.n_active -= 1
        finally:
            model.n_interested -= 1
            model.used_s = self._clock.now_s()
            model.keep_alive_s = keep_alive_s
            self._let_go(model)
            self._place()

    async def unload(self, model: Model, *, within_s: float) -> None:
        """End the model's process once its requests have ended, at most about `within_s` from now."""
        if model.boarding is not None:
            model.boarding.cancel()
            await asyncio.wait([model.boarding])
        if model.has_process:
            model.is_leaving = True
            self._changed(model)
            await self._supervisor.unload(model.key, within_s=within_s)

    def decide(self, model: Model, need: Memory) -> Decision:
        """Return what loading `model` would do now. Changes nothing."""
        others = [one.as_resident() for one in self._residents() if one is not model]
        return place(need, others, self._bounds.limits, may_close=True)

    def tick(self) -> None:
        """Look what time has brought: idle models whose time is over, memory that was measured."""
        for model in self._residents():
            self._measure(model)
            self._let_go(model)
        self._place()

    def close(self) -> None:
        """Begin no more loads."""
        for model in self._models.values():
            if model.boarding is not None:
                model.boarding.cancel()

    async def _until_open(self, model: Model) -> None:
        """Wait for room up to the bound, and then for the load, however long that takes."""
        deadline_s = self._clock.now_s() + self._bounds.load_wait_s
        while not model.is_open:
            is_making_way = model.has_process and model.boarding is None
            boarding = None if is_making_way else self._boarding(model)
            is_bounded = model.state not in _COMING
            left_s = deadline_s - self._clock.now_s()
            if is_bounded and left_s <= 0:
                raise self._too_late(model)
            await self._until_moved(boarding, left_s if is_bounded else None)
            if boarding is not None and boarding.done():
                _raise_failure(boarding)

    async def _until_moved(self, boarding: asyncio.Task[None] | None, timeout_s: float | None) -> None:
        """Return when anything has changed, the load is over, or the time."""
        moved = asyncio.ensure_future(self._moved.wait())
        try:
            waiting = [moved] if boarding is None else [moved, boarding]
            await asyncio.wait(waiting, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            moved.cancel()

    def _too_late(self, model: Model) -> CorralError:
        name = model.entry.name
        reason = model.reason or "it makes way for another"
        return UnavailableError(
            f"The model '{name}' could not be loaded in {self._bounds.load_wait_s:g} s: {reason}",
            retry_after_s=RETRY_AFTER_S,
        )

    def _boarding(self, model: Model) -> asyncio.Task[None]:
        """Return the load under way, or begin one."""
        if model.boarding is None:
            model.check_loadable()
            model.boarding = asyncio.create_task(self._board(model), name=f"board {model.key}")
            model.boarding.add_done_callback(lambda task: self._boarded(model, task))
        return model.boarding

    async def _board(self, model: Model) -> None:
        model.stage = ModelState.LOADING
        tell = told_on_loop(lambda fraction: self._downloaded(model, fraction))
        settings = model.entry.definition.settings
        prepared = await self._preparation.prepare(settings, model.purpose, tell)
        worker = await self._placed(model, prepared)
        await worker.settled.wait()
        if worker.state in FINAL or worker.state is State.DRAINING:
            raise worker.error or UnavailableError("The model was unloaded while it was loaded")

    async def _placed(self, model: Model, prepared: Prepared) -> Worker:
        model.stage = ModelState.WAITING
        parts = prepared.need
        need = Memory(model.entry.n_bytes) if parts is None else parts.needed
        model.n_reclaimable_bytes = 0 if parts is None else parts.n_reclaimable_bytes
        room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wants[model.key] = Want(model, prepared.load, need, self._clock.now_s(), room)
        try:
            self._place()
            await room
        finally:
            self._wants.pop(model.key, None)
        assert model.worker is not None
        return model.worker

    def _boarded(self, model: Model, task: asyncio.Task[None]) -> None:
        model.boarding = model.stage = model.progress = None
        model.reason = ""
        error = None if task.cancelled() else task.exception()
        if error is None and not task.cancelled():
            model.failures.forget()
            model.opened_s = self._clock.now_s()
        elif isinstance(error, CorralError) and not isinstance(error, UnavailableError):
            model.failures.add(error.message)
            _log.error(
                "model.load_failed", model=model.key, reason=error.message, n_failures=model.failures.n
            )
        elif error is not None and not isinstance(error, CorralError):
            _log.error("model.load_fault", model=model.key, reason=repr(error))
        self._changed(model)
        self._place()

    def _place(self) -> None:
        """Give room to those who want it, in their order; what the first need is kept for them."""
        residents = [model.as_resident() for model in self._residents()]
        closing: set[str] = set()
        now_s = self._clock.now_s()
        for want in list(self._wants.values()):
            if want.room.done():
                continue
            if not want.model.n_interested:  # who wanted it has left
                want.room.cancel()
                continue
            may_close = now_s - want.since_s >= CLOSE_AFTER_S
            decision = place(want.need, residents, self._bounds.limits, may_close=may_close)
            self._act(want, decision)
            closing.update(key for key in decision.closed if self._has_had_its_turn(key))
            residents.append(want.model.as_resident())
        for model in self._residents():
            model.is_closing = model.key in closing
        self._pulse()

    def _has_had_its_turn(self, key: str) -> bool:
        """Tell whether those who waited for the model had time to enter: else two would chase each other."""
        model = self._models[key]
        return model.boarding is None and self._clock.now_s() - model.opened_s >= CLOSE_AFTER_S

    def _act(self, want: Want, decision: Decision) -> None:
        model = want.model
        match decision.verdict:
            case Verdict.START:
                model.need = want.need
                model.stage, model.reason = None, ""
                model.worker = self._supervisor.launch(model.key, want.load)
                want.room.set_result(None)
            case Verdict.WAIT:
                model.reason = decision.reason
                for key in decision.evicted:
                    self._evict(self._models[key], f"for {model.key}")
            case Verdict.REFUSE:
                message = f"The model '{model.entry.name}' cannot be loaded now: {decision.reason}"
                want.room.set_exception(UnavailableError(message, retry_after_s=RETRY_AFTER_S))
        self._changed(model)

    def _evict(self, model: Model, why: str) -> None:
        if model.is_leaving:
            return
        model.is_leaving = True
        _log.info("model.evicted", model=model.key, why=why)
        self._supervisor.begin_unload(model.key, within_s=0.0)

    def _let_go(self, model: Model) -> None:
        """Unload it if nobody has it and its time is over, or its declaration is another by now."""
        if model.is_busy or model.is_leaving or not model.has_process:
            return
        if model.is_stale:
            self._evict(model, "its declaration changed")
        elif model.expires_in_s(self._clock.now_s()) == 0.0:
            self._evict(model, "idle")

    def _measure(self, model: Model) -> None:
        """Correct the estimate by what the process was seen to take."""
        assert model.worker is not None
        seen_bytes = model.worker.process.heartbeat.rss_bytes - model.n_reclaimable_bytes
        if seen_bytes > model.need.host_bytes:
            model.need = Memory(seen_bytes, model.need.device_bytes)

    def _residents(self) -> list[Model]:
        return [model for model in self._models.values() if model.has_process]

    def _worker_moved(self, worker: Worker) -> None:
        model = self._models.get(worker.name)
        if model is None or model.worker is not worker:
            return
        if worker.state in FINAL:
            self._ended(model, worker)
        self._changed(model)

    def _ended(self, model: Model, worker: Worker) -> None:
        model.is_leaving = model.is_closing = model.is_stale = False
        if worker.state is State.FAILED and model.boarding is None:  # it had been ready, and never came back
            model.failures.n = N_FAILURES
            model.failures.reason = worker.error.message if worker.error is not None else ""
        asyncio.get_running_loop().call_soon(self._place)

    def _downloaded(self, model: Model, fraction: float | None) -> None:
        """Note that so much of the model's files is here."""
        if model.boarding is not None and not model.has_process:
            model.stage, model.progress = ModelState.DOWNLOADING, fraction
            self._changed(model)

    def _changed(self, model: Model) -> None:
        view = model.view(self._clock.now_s(), is_default=False)
        self.events.tell(model.key, view.state, progress=view.progress, reason=view.reason)
        self._pulse()

    def _pulse(self) -> None:
        """Wake those who wait for something to change."""
        self._moved.set()
        self._moved = asyncio.Event()


def _raise_failure(task: asyncio.Task[None]) -> None:
    """Raise the error of a load that failed; each waiter gets one of its own."""
    if task.cancelled():
        raise UnavailableError("The model was unloaded while it was loaded", retry_after_s=1)
    error = task.exception()
    if isinstance(error, CorralError):
        raise from_report(error.report()) from None
    if error is not None:
        raise error
