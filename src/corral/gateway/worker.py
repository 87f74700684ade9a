"""The gateway's handle on the engine of one model, over all the processes it takes to keep it alive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import msgspec

from corral.core.errors import EngineCrashedError, ModelLoadError, ModelLoadingError, UnavailableError
from corral.gateway.backoff import crashes_in_a_row
from corral.gateway.lifecycle import FINAL, State, moved
from corral.gateway.metrics import Meter, Moment
from corral.gateway.process import EngineProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corral.core.clock import Clock
    from corral.core.engine_settings import EngineSettings
    from corral.core.errors import CorralError
    from corral.core.messages import Load, ModelFacts
    from corral.gateway.metrics import MetricsSnapshot


class Owner(Protocol):
    """The supervisor, as its worker sees it: told, and decides later, in its own task."""

    def engine_ready(self, worker: Worker, facts: ModelFacts) -> None:
        """The engine has loaded its model."""
        ...

    def engine_ended(self, worker: Worker, reason: str) -> None:
        """The engine's process is gone."""
        ...


class Worker:
    """One model's engine. Only the supervisor calls what moves its state; the door reads it.

    `process` is the present one, or the last. `facts` are None until the engine was ready once, and stay when
    it crashes: None also means that this is the first load. `error` says why that failed. `settled` is set
    unless a start is under way or due, `gone` in the end. `load_s` is how long the last load took.
    """

    def __init__(self, name: str, load: Load, owner: Owner, clock: Clock) -> None:
        self.name = name
        self.state = State.UNLOADED
        self.facts: ModelFacts | None = None
        self.error: CorralError | None = None
        self.settled = asyncio.Event()
        self.gone = asyncio.Event()
        self.n_crashes_in_a_row = 0
        self.load_s = 0.0
        self._load = load
        self._owner = owner
        self._clock = clock
        self._meter = Meter()
        self._n_starts = 0
        self._n_crashes = 0
        self._start_s = 0.0
        self._ready_s = 0.0
        self.process = self._new_process()

    @property
    def n_open(self) -> int:
        """How many requests the engine has accepted and not ended."""
        requests = self.process.requests
        return requests.n_open if requests is not None else 0

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
            raise UnavailableError("The server is stopping")
        if self.facts is None:
            raise ModelLoadingError("Loading model")

    def metrics(self, *, n_parked: int) -> MetricsSnapshot:
        """Return the metrics, with `n_parked` requests waiting for a restart, and start the next averages."""
        requests = self.process.requests
        return self._meter.take_snapshot(
            Moment(
                n_processing=requests.slots.n_busy if requests is not None else 0,
                n_deferred=n_parked + (requests.n_waiting if requests is not None else 0),
                n_crashes=self._n_crashes,
                n_restarts=max(0, self._n_starts - 1),
                engine_rss_bytes=self.process.heartbeat.rss_bytes,
            )
        )

    async def start(self, argv: Sequence[str]) -> None:
        """Start a process. Raises `OSError`."""
        self._move(State.STARTING)
        self.settled.clear()
        self._n_starts += 1
        self._start_s = self._clock.now_s()
        self.process = self._new_process()
        await self.process.start(argv, self._load)

    def ready(self, facts: ModelFacts) -> None:
        """The model is loaded: requests are welcome."""
        self._move(State.READY)
        self.facts = facts
        self._ready_s = self._clock.now_s()
        self.load_s = self._ready_s - self._start_s
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
        self._n_crashes += 1
        ready_for_s = self._clock.now_s() - self._ready_s if was_ready else 0.0
        self.n_crashes_in_a_row = crashes_in_a_row(self.n_crashes_in_a_row, ready_for_s)
        message = f"The model's engine broke down ({reason}) and is being restarted"
        # A second, and not the pause before the restart: who comes back meanwhile waits here.
        self.process.gone(EngineCrashedError(message, retry_after_s=1))
        self._move(State.BACKOFF)

    def failed(self, reason: str) -> None:
        """The first load did not succeed: final."""
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
        self._end(UnavailableError("The server is stopping"))

    def _new_process(self) -> EngineProcess:
        return EngineProcess(
            self._meter,
            self._clock,
            on_ready=lambda facts: self._owner.engine_ready(self, facts),
            on_end=lambda reason: self._owner.engine_ended(self, reason),
        )

    def _end(self, error: CorralError) -> None:
        self.process.gone(error)
        self.settled.set()
        self.gone.set()

    def _move(self, state: State) -> None:
        self.state = moved(self.state, state)
