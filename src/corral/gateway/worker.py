"""The gateway's handle on the engine of one model, over all the processes it takes to keep it alive."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Protocol

import msgspec

from corral.core.errors import EngineCrashedError, ModelLoadError, ModelLoadingError, UnavailableError
from corral.gateway.backoff import crashes_in_a_row
from corral.gateway.history import History
from corral.gateway.lifecycle import FINAL, State, moved
from corral.gateway.metrics import Moment
from corral.gateway.process import EngineProcess

if TYPE_CHECKING:
    from corral.core.clock import Clock
    from corral.core.engine_settings import EngineSettings
    from corral.core.errors import CorralError
    from corral.core.messages import Load, ModelFacts
    from corral.gateway.metrics import MetricsSnapshot
    from corral.gateway.spare import Spare


_UNLOADED = "The model is being unloaded"


class Owner(Protocol):
    """The supervisor, as its worker sees it: told, and decides later, in its own task."""

    def engine_ready(self, worker: Worker, facts: ModelFacts) -> None:
        """The engine has loaded its model."""
        ...

    def engine_ended(self, worker: Worker, reason: str) -> None:
        """The engine's process is gone."""
        ...

    def engine_came_further(self, worker: Worker) -> None:
        """More of the model is loaded."""
        ...

    def engine_busy(self, worker: Worker, *, is_busy: bool) -> None:
        """The engine has something to do again, or nothing any more."""
        ...


class Worker:
    """One model's engine. Only the supervisor calls what moves its state; the door reads it.

    `process` is the present one, or the last. `facts` are None until the engine was ready once, and stay when
    it crashes: None also means that this is the first load. `error` says why that failed. `settled` is set
    unless a start is under way or due, `gone` in the end. `load_s` is how long the last load took, `progress`
    the part of the present one that is done. `history` goes on with the next worker of the model.
    """

    def __init__(
        self, name: str, load: Load, owner: Owner, clock: Clock, history: History | None = None
    ) -> None:
        self.name = name
        self.state = State.UNLOADED
        self.facts: ModelFacts | None = None
        self.error: CorralError | None = None
        self.settled = asyncio.Event()
        self.gone = asyncio.Event()
        self.n_crashes_in_a_row = 0
        self.n_load_crashes_in_a_row = 0
        self.load_s = 0.0
        self.progress = 0.0
        self.history = history or History()
        self.history.n_loads += 1
        self._load = load
        self._owner = owner
        self._clock = clock
        self._start_s = 0.0
        self._ready_s = 0.0
        self.process = self._new_process()

    @property
    def n_open(self) -> int:
        """How many requests the engine has accepted and not ended."""
        requests = self.process.requests
        return requests.n_open if requests is not None else 0

    def n_open_by_caller(self) -> Counter[str]:
        """Return how many requests and calls of each caller the engine has accepted and not ended."""
        requests = self.process.requests
        return requests.n_open_by_caller() if requests is not None else Counter()

    @property
    def n_calls(self) -> int:
        """How many calls wait for the engine's answer."""
        requests = self.process.requests
        return requests.n_calls if requests is not None else 0

    def check_usable(self) -> None:
        """Raise unless the worker was ready once and is meant to be again: `facts` are known then."""
        if self.state is State.FAILED:
            raise UnavailableError(f"The model could not be loaded: {self.error}")
        if self.state in FINAL or self.state is State.DRAINING:
            raise UnavailableError(_UNLOADED, retry_after_s=1)
        if self.facts is None:
            raise ModelLoadingError("Loading model", retry_after_s=1)

    def metrics(self, *, n_parked: int) -> MetricsSnapshot:
        """Return the metrics, with `n_parked` requests waiting for a restart, and start the next averages."""
        requests = self.process.requests
        return self.history.meter.take_snapshot(
            Moment(
                n_processing=requests.slots.n_busy if requests is not None else 0,
                n_deferred=n_parked + (requests.n_waiting if requests is not None else 0),
                n_loads=self.history.n_loads,
                n_crashes=self.history.n_crashes,
                n_restarts=self.history.n_restarts,
                engine_rss_bytes=self.process.heartbeat.rss_bytes,
            )
        )

    async def start(self, spare: Spare) -> None:
        """Start a process. Raises `OSError`."""
        self._move(State.STARTING)
        self.settled.clear()
        self.progress = 0.0
        self.history.n_starts += 1
        self._start_s = self._clock.now_s()
        self.process = self._new_process()
        await self.process.start(spare, self._load)

    def ready(self, facts: ModelFacts) -> None:
        """The model is loaded: requests are welcome."""
        self._move(State.READY)
        self.facts = facts
        self._ready_s = self._clock.now_s()
        self.load_s = self._ready_s - self._start_s
        self.n_load_crashes_in_a_row = 0
        self.settled.set()

    @property
    def engine(self) -> EngineSettings:
        """What the next process of this engine begins with."""
        return self._load.engine

    def keep(self, facts: ModelFacts, engine: EngineSettings) -> None:
        """Note what the engine was told to change, for a process that may follow. Called by the door."""
        self.facts = facts
        self._load = msgspec.structs.replace(self._load, engine=engine)

    def crashed(self, reason: str) -> None:
        """The process ended unasked: fail its requests and wait for the next start."""
        was_ready = self.state is State.READY
        self._move(State.CRASHED)
        self.settled.clear()
        self.history.n_crashes += 1
        ready_for_s = self._clock.now_s() - self._ready_s if was_ready else 0.0
        self.n_crashes_in_a_row = crashes_in_a_row(self.n_crashes_in_a_row, ready_for_s)
        self.n_load_crashes_in_a_row += not was_ready
        if self.process.requests is not None:
            self.history.suspects.crashed(self.process.requests.running)
        message = f"The model's engine broke down ({reason}) and is being restarted"
        # A second, and not the pause before the restart: who comes back meanwhile waits here.
        self.process.gone(EngineCrashedError(message, retry_after_s=1))
        self._move(State.BACKOFF)

    def failed(self, reason: str) -> None:
        """The load did not succeed: final."""
        self._move(State.FAILED)
        self.error = self.process.refusal or ModelLoadError(
            f"the engine broke down while loading ({reason}): "
            "a file may be damaged or no match, or the memory too small"
        )
        self._end(self.error)

    def draining(self) -> None:
        """Take no more requests and let the process end after those it has."""
        self._move(State.DRAINING)
        self.settled.set()
        self.process.drain()

    def stopped(self) -> None:
        """The process is gone, as asked."""
        self._move(State.STOPPED)
        self._end(UnavailableError(_UNLOADED, retry_after_s=1))

    def process_came_further(self, fraction: float) -> None:
        """Pass it on. Called by the process, as those below."""
        self.progress = fraction
        self._owner.engine_came_further(self)

    def process_ready(self, facts: ModelFacts) -> None:
        """Pass it on."""
        self._owner.engine_ready(self, facts)

    def process_busy(self, *, is_busy: bool) -> None:
        """Pass it on."""
        self._owner.engine_busy(self, is_busy=is_busy)

    def process_ended(self, reason: str) -> None:
        """Pass it on."""
        self._owner.engine_ended(self, reason)

    def _new_process(self) -> EngineProcess:
        return EngineProcess(self.history.meter, self._clock, self)

    def _end(self, error: CorralError) -> None:
        self.process.gone(error)
        self.settled.set()
        self.gone.set()

    def _move(self, state: State) -> None:
        self.state = moved(self.state, state)
