"""Which models are in memory: loaded for who wants them, kept while in use, unloaded for others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from corral.core import log
from corral.core.clock import Clock, MonotonicClock
from corral.core.errors import (
    CorralError,
    InternalError,
    NotSupportedError,
    QueueFullError,
    UnavailableError,
    from_report,
)
from corral.core.model_view import ModelState
from corral.gateway.boarding import UNLOADED, Boarding
from corral.gateway.lifecycle import FINAL, State
from corral.gateway.patience import retry_after_s
from corral.gateway.room import Bounds, Room

if TYPE_CHECKING:
    from types import TracebackType

    from corral.catalog.entry import ModelEntry
    from corral.core.memory import Memory
    from corral.gateway.door import Door
    from corral.gateway.model import Model
    from corral.gateway.model_events import ModelEvents
    from corral.gateway.placement import Decision
    from corral.gateway.preparation import Preparation
    from corral.gateway.supervisor import Supervisor
    from corral.gateway.worker import Worker

__all__ = ["Bounds", "Lease", "Residency"]

_COMING = frozenset({ModelState.LOADING, ModelState.DOWNLOADING})
MOMENT_S = 0.001  # a shorter wait is none: timers are not that exact
_STOPPING = "The server is being stopped"
_NOBODY = "Nobody waits for the model any more"

_log = log.get("gateway")


class Lease:
    """Entered, the model is loaded; until it is left the model stays. For once."""

    __slots__ = ("_keep_alive_s", "_model", "_residency")

    def __init__(self, residency: Residency, model: Model, keep_alive_s: float | None) -> None:
        self._residency = residency
        self._model = model
        self._keep_alive_s = keep_alive_s

    async def __aenter__(self) -> Door:
        """Load the model if it is not. Raises the CorralError that says why not, or why not now."""
        await self._residency.enter(self._model)
        return self._model.door

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._residency.leave(self._model, self._keep_alive_s)


class Residency:
    """Owner of what `Model`s are in memory. On the event loop only, where no method is interrupted.

    `tick` is to be called now and then, `close` before the supervisor ends.
    """

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
        self._load_wait_s = bounds.load_wait_s
        self._clock = clock or MonotonicClock()
        self._room = Room(supervisor, bounds, self._clock, changed=self._changed)
        self._boardings: dict[Boarding, asyncio.Task[None]] = {}  # also those broken off, until they end
        self._is_closed = False
        supervisor.on_move = self._worker_moved

    def lease(self, model: Model, keep_alive_s: float | None = None) -> Lease:
        """Return a lease of `model`; when left, the model stays for `keep_alive_s`, None: as declared."""
        return Lease(self, model, keep_alive_s)

    async def enter(self, model: Model) -> None:
        """Return when the model is loaded; it stays until `leave`. Raises CorralError."""
        if model.is_open:
            model.n_interested += 1
        else:
            await self._wait_for(model)
        model.n_active += 1

    def leave(self, model: Model, keep_alive_s: float | None) -> None:
        """End what `enter` began."""
        model.n_active -= 1
        model.keep_alive_s = keep_alive_s
        self._lose_interest(model)

    def begin_unload(self, model: Model, *, within_s: float) -> Worker | None:
        """End the model's process once its requests have ended, at most about `within_s` from now.

        Return its worker, None where there is none to be waited for. No request enters any more.
        """
        if model.boarding is not None:
            self._break_off(model.boarding, UnavailableError(UNLOADED, retry_after_s=1))
        if not model.has_process:
            return None
        model.is_leaving = True
        self._changed(model)
        self._supervisor.begin_unload(model.key, within_s=within_s)
        return model.worker

    def pin(self, model: Model, *, is_pinned: bool) -> None:
        """Keep the model in memory, once it is there, whatever else is wanted, or no longer."""
        model.is_pinned = is_pinned
        self._room.place()

    def follow(self, model: Model, entry: ModelEntry | None) -> None:
        """Have the model follow its new declaration, None: it has none; a loaded one when it is idle."""
        model.follow(entry, self._clock.now_s())
        self._room.let_go(model)
        self._changed(model)

    def decide(self, model: Model, need: Memory) -> Decision:
        """Return what loading `model` would do now. Changes nothing."""
        return self._room.decide(model, need)

    def tick(self) -> None:
        """Look what time has brought: idle models whose time is over, memory that was measured."""
        for model in list(self._room.models.values()):
            self._room.measure(model)
            self._room.let_go(model)
        self._room.place()

    def close(self) -> None:
        """Begin no more loads; who waits for one is told."""
        self._is_closed = True
        for boarding in list(self._boardings):
            if not boarding.is_over:
                self._break_off(boarding, UnavailableError(_STOPPING))
        for model in self._room.models.values():
            model.moved.beat()

    async def closed(self) -> None:
        """Return when no load is under way any more."""
        if self._boardings:
            await asyncio.wait(self._boardings.values())

    async def _wait_for(self, model: Model) -> None:
        """Become interested, and return when the model is open. Raises CorralError, interested no more."""
        if model.n_interested - model.n_active >= max(1, model.max_queue):
            message = "Too many requests wait for this model"
            raise QueueFullError(message, retry_after_s=self._retry_after_s(model))
        model.n_interested += 1
        try:
            await self._until_open(model)
        except BaseException:
            self._lose_interest(model)
            raise

    def _lose_interest(self, model: Model) -> None:
        model.n_interested -= 1
        model.used_s = self._clock.now_s()
        if model.n_active:
            return
        boarding = model.boarding
        if boarding is not None and boarding.is_waiting and not model.n_interested:
            self._break_off(boarding, UnavailableError(_NOBODY))
        self._room.let_go(model)
        if self._room.queue:
            self._room.place()

    async def _until_open(self, model: Model) -> None:
        """Wait for room up to the bound, and for the load itself however long that takes."""
        left_s = self._load_wait_s
        while not model.is_open:
            boarding = self._boarding_of(model)
            is_coming = model.state in _COMING
            if not is_coming and left_s < MOMENT_S:
                raise self._too_late(model)
            begun_s = self._clock.now_s()
            await model.moved.next(None if is_coming else left_s)
            if not is_coming:
                left_s -= self._clock.now_s() - begun_s
            if boarding is not None and boarding.error is not None:
                raise from_report(boarding.error.report())  # one for each: a raised exception is not shared

    def _too_late(self, model: Model) -> CorralError:
        name, reason = model.entry.name, model.reason or "its process is ending"
        return UnavailableError(
            f"The model '{name}' could not be loaded in {self._load_wait_s:g} s: {reason}",
            retry_after_s=self._retry_after_s(model),
        )

    def _retry_after_s(self, model: Model) -> int:
        return retry_after_s(model, self._room.queue, self._clock.now_s())

    def _boarding_of(self, model: Model) -> Boarding | None:
        """Return the load under way, or begin one; None while the model's process has to go before."""
        if self._is_closed:
            raise UnavailableError(_STOPPING)
        if model.boarding is not None or model.has_process:
            return model.boarding
        model.check_loadable()
        boarding = model.boarding = Boarding(model, self._clock.now_s(), self._changed)
        run = boarding.run(self._preparation, self._want_room)
        task = self._boardings[boarding] = asyncio.create_task(run, name=f"board {model.key}")
        task.add_done_callback(lambda task: self._boarded(boarding, task))
        self._changed(model)
        return boarding

    def _want_room(self, boarding: Boarding) -> None:
        """Queue up, unless everybody has left while the files were fetched: those stay for another time."""
        if boarding.model.n_interested:
            self._room.want(boarding)
        else:
            self._break_off(boarding, UnavailableError(_NOBODY))

    def _boarded(self, boarding: Boarding, task: asyncio.Task[None]) -> None:
        """Note how a load ended. One that was broken off has been dealt with."""
        del self._boardings[boarding]
        error = _error_of(task, boarding)
        if boarding.is_over:
            return
        model = boarding.model
        self._end(boarding, error)
        if error is None:
            assert boarding.worker is not None
            model.failures.forget()
            model.opened_s = model.used_s = self._clock.now_s()
            model.load_s = boarding.worker.load_s
        else:
            _note_failure(boarding, error)
        self._changed(model)
        self._room.place()

    def _break_off(self, boarding: Boarding, error: CorralError) -> None:
        """End a load before its time; who waits for it gets the error."""
        self._end(boarding, error)
        self._boardings[boarding].cancel()
        self._changed(boarding.model)
        self._room.place()

    def _end(self, boarding: Boarding, error: CorralError | None) -> None:
        boarding.is_over, boarding.error = True, error
        boarding.model.boarding = None
        self._room.withdraw(boarding)

    def _worker_moved(self, worker: Worker) -> None:
        model = self._room.models.get(worker.name)
        if model is None or model.worker is not worker:
            return
        if worker.state in FINAL:
            self._worker_ended(model, worker)
        self._changed(model)

    def _worker_ended(self, model: Model, worker: Worker) -> None:
        self._room.vacate(model)
        if worker.state is State.FAILED and worker.facts is not None and worker.error is not None:
            model.failures.condemn(worker.error.message)  # it had been ready, and never came back
        self._room.place()

    def _changed(self, model: Model) -> None:
        """Tell whoever watches the model, and whoever waits for it."""
        self.events.tell(model.key, model.state, progress=model.progress, reason=model.reason)
        model.moved.beat()


def _error_of(task: asyncio.Task[None], boarding: Boarding) -> CorralError | None:
    try:
        task.result()
    except asyncio.CancelledError:
        return UnavailableError(_STOPPING)
    except CorralError as error:
        return error
    except Exception:  # noqa: BLE001 (a fault of ours in one load must not leave others waiting for ever)
        _log.error("model.load_fault", exc_info=True, model=boarding.model.key)
        return InternalError("The model could not be loaded: a fault of the server, which its log tells of")
    return None


def _note_failure(boarding: Boarding, error: CorralError) -> None:
    """Remember why; only what the engine itself refused or broke down of leads to quarantine."""
    failures, worker = boarding.model.failures, boarding.worker
    if isinstance(error, NotSupportedError):  # it was asked for what this model cannot do
        return
    if worker is not None and worker.state is State.FAILED:
        failures.add(error.message)
    elif isinstance(error, UnavailableError):
        return
    else:
        failures.note(error.message)
    _log.error("model.load_failed", model=boarding.model.key, reason=error.message, n_failures=failures.n)
