"""The one task that owns the workers: commands and events in, processes started, ended and restarted."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

from corral.core import log
from corral.core.clock import Clock, MonotonicClock
from corral.core.errors import ModelLoadError
from corral.gateway.backoff import delay_s
from corral.gateway.lessor import Lessor
from corral.gateway.lifecycle import FINAL, State
from corral.gateway.neighbours import Neighbours
from corral.gateway.quarantine import N_FAILURES
from corral.gateway.spare import Spare
from corral.gateway.vitals import hang_reason
from corral.gateway.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from corral.core.messages import Load, ModelFacts

# -P: a file that happens to lie in the working directory is not imported in place of ours.
ENGINE_ARGV = (sys.executable, "-P", "-m", "corral.engine")
CHECK_EVERY_S = 0.5
ABORT_GRACE_S = 2.0
# With a disk tier an engine that ends writes what host memory holds. Who wants its memory waits for it, so it
# may take no longer than a large model takes to load; an engine that saves says every second that it lives.
SAVE_GRACE_S = 30.0
SAVE_SILENCE_S = 5.0

_log = log.get("gateway")


class Start(NamedTuple):
    """Start the worker's process, for the first time or again."""

    worker: Worker


class Unload(NamedTuple):
    """Let the worker's requests end within the time, then cut them; end its process."""

    worker: Worker
    within_s: float


class Cut(NamedTuple):
    """The time to drain is over: ask the process to abort what it does."""

    worker: Worker


class Kill(NamedTuple):
    """It did not listen. While it saves what it held it has until `by_s`."""

    worker: Worker
    by_s: float


class EngineReady(NamedTuple):
    """The worker's engine has loaded its model."""

    worker: Worker
    facts: ModelFacts


class EngineEnded(NamedTuple):
    """The worker's process is gone, or could not be started."""

    worker: Worker
    reason: str


class Check(NamedTuple):
    """Time to look for hung engines, and at what other programs compute."""


Message = Start | Unload | Cut | Kill | EngineReady | EngineEnded | Check


class Supervisor:
    """Owner of the workers. Enter it (`async with`) to start its task; leaving ends every process.

    `hang_s` bounds one step of an engine. `argv` is the command of an engine process, `spare_for` the runner
    for which one is kept ready. `neighbours` tells what other programs compute, None: nobody looks. `on_move`
    is told of each worker that moved to another state or came further in its load; it must not wait.
    """

    def __init__(
        self,
        *,
        hang_s: float,
        argv: Sequence[str] = ENGINE_ARGV,
        spare_for: str | None = None,
        neighbours: Neighbours | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.on_move: Callable[[Worker], None] = _nobody
        self._hang_s = hang_s
        self._spare = Spare(argv, spare_for)
        self._clock = clock or MonotonicClock()
        self._lessor = Lessor(self._clock)
        self._neighbours = neighbours
        self._workers: dict[str, Worker] = {}
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    @property
    def workers(self) -> Mapping[str, Worker]:
        """The workers by the name of their model; to read, not to keep."""
        return self._workers

    @property
    def spare_pid(self) -> int | None:
        """The process that waits for the next model, None if there is none."""
        return self._spare.pid

    @property
    def n_open(self) -> int:
        """How many requests the engines have accepted and not ended."""
        return sum(worker.n_open for worker in self._workers.values())

    @property
    def has_to_save(self) -> bool:
        """Whether engines bring what they hold to a disk when they end."""
        return any(worker.state is State.READY and _has_disk(worker) for worker in self._workers.values())

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="supervisor")
        self._post(Check())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        await self.shutdown(within_s=0.0)
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._spare.closed()

    def launch(self, name: str, load: Load) -> Worker:
        """Begin to load a model under `name`, which must have no live worker; return its worker."""
        before = self._workers.get(name)
        assert before is None or before.state in FINAL, f"{name} is loaded"
        history = before.history if before is not None else None
        worker = self._workers[name] = Worker(name, load, self, self._clock, history)
        self._post(Start(worker))
        return worker

    async def load(self, name: str, load: Load) -> ModelFacts:
        """Load a model under `name` and return its facts. Raises the `CorralError` that says why not."""
        worker = self.launch(name, load)
        await worker.settled.wait()
        if worker.facts is None:
            raise worker.error or ModelLoadError("stopped while loading")
        return worker.facts

    async def unload(self, name: str, *, within_s: float) -> None:
        """End the model's process: when its requests have ended, at most about `within_s` from now."""
        self.begin_unload(name, within_s=within_s)
        await self._workers[name].gone.wait()

    def begin_unload(self, name: str, *, within_s: float) -> None:
        """The same without waiting for it."""
        self._post(Unload(self._workers[name], within_s))

    async def shutdown(self, *, within_s: float) -> None:
        """Unload every model, and keep no spare."""
        self._spare.close()
        await asyncio.gather(*(self.unload(name, within_s=within_s) for name in self._workers))

    def kill_all(self) -> None:
        """End every process now; their requests fail."""
        self._spare.close()
        for worker in self._workers.values():
            worker.process.kill()

    def engine_ready(self, worker: Worker, facts: ModelFacts) -> None:
        """Note that `worker`'s engine has loaded its model. Called by the worker."""
        self._post(EngineReady(worker, facts))

    def engine_came_further(self, worker: Worker) -> None:
        """Note that more of `worker`'s model is loaded. Called by the worker."""
        self.on_move(worker)

    def engine_busy(self, worker: Worker, *, is_busy: bool) -> None:
        """Have the cores shared anew. Called by the worker, before the request is sent."""
        self._lessor.busy(worker, is_busy=is_busy)

    def engine_ended(self, worker: Worker, reason: str) -> None:
        """Note that `worker`'s process is gone. Called by the worker."""
        self._post(EngineEnded(worker, reason))

    async def _run(self) -> None:
        while True:
            message = await self._inbox.get()
            try:
                await self._apply(message)
            except Exception:  # noqa: BLE001 (one message that fails must not end all models)
                _log.error("supervisor.fault", exc_info=True, message=type(message).__name__)

    async def _apply(self, message: Message) -> None:
        match message:
            case Start(worker):
                await self._start(worker)
            case EngineReady(worker, facts):
                self._ready(worker, facts)
                await self._refill()
            case EngineEnded(worker, reason):
                self._ended(worker, reason)
            case Unload(worker, within_s):
                self._unload(worker, within_s)
            case Cut(worker):
                self._cut(worker)
            case Kill(worker, by_s):
                self._kill(worker, by_s)
            case Check():
                self._check()
                await self._refill()

    async def _start(self, worker: Worker) -> None:
        if worker.state in FINAL:  # unloaded while its start was due
            return
        _log.info("engine.starting", model=worker.name)
        try:  # a fork and an exec: what this task ever waits for, here and for the spare
            await worker.start(self._spare)
            self.on_move(worker)
        except OSError as error:
            self._post(EngineEnded(worker, f"it could not be started: {error}"))

    def _ready(self, worker: Worker, facts: ModelFacts) -> None:
        if worker.state is not State.STARTING:  # unloaded while it loaded
            return
        self._lessor.came(worker)
        worker.ready(facts)
        self.on_move(worker)
        _log.info(
            "model.ready",
            model=worker.name,
            load_s=worker.load_s,
            n_slots=facts.n_slots,
            n_ctx=facts.n_ctx,
        )

    def _ended(self, worker: Worker, reason: str) -> None:
        self._lessor.gone(worker)
        if worker.state is State.DRAINING:
            worker.stopped()
            _log.info("model.unloaded", model=worker.name, reason=reason)
        elif worker.facts is None or self._is_hopeless(worker):
            worker.failed(reason)
            _log.error("model.load_failed", model=worker.name, reason=worker.error)
        else:
            worker.crashed(reason)
            pause_s = delay_s(worker.n_crashes_in_a_row)
            self._later(pause_s, Start(worker))
            _log.error("engine.crashed", model=worker.name, reason=reason, restart_in_s=pause_s)
        self.on_move(worker)

    @staticmethod
    def _is_hopeless(worker: Worker) -> bool:
        """Tell whether this crash while loading is one too many."""
        return worker.state is State.STARTING and worker.n_load_crashes_in_a_row + 1 >= N_FAILURES

    def _unload(self, worker: Worker, within_s: float) -> None:
        match worker.state:
            case State.UNLOADED | State.BACKOFF:
                worker.stopped()
            case State.STARTING | State.READY:
                worker.draining()
                self._later(within_s, Cut(worker))
            case State.DRAINING:  # asked again: the shorter time holds
                self._later(within_s, Cut(worker))
        self.on_move(worker)

    def _cut(self, worker: Worker) -> None:
        if worker.state in FINAL:
            return
        worker.process.terminate()
        self._later(ABORT_GRACE_S, Kill(worker, self._clock.now_s() + SAVE_GRACE_S))

    def _kill(self, worker: Worker, by_s: float) -> None:
        if worker.state in FINAL:
            return
        left_s = by_s - self._clock.now_s()
        if left_s > 0 and _is_saving(worker):
            self._later(min(ABORT_GRACE_S, left_s), Kill(worker, by_s))
            return
        _log.warning("engine.killed", model=worker.name, reason="it did not end in time")
        worker.process.kill()

    def _check(self) -> None:
        self._later(CHECK_EVERY_S, Check())
        self._make_room()
        for worker in self._workers.values():
            if worker.state not in {State.STARTING, State.READY}:
                continue
            reason = hang_reason(worker.process.vitals(), self._hang_s)
            if reason is not None:
                _log.error("engine.hung", model=worker.name, reason=reason)
                worker.process.kill(because=reason)

    def _make_room(self) -> None:
        """Have engines leave cores to other programs that need them."""
        if self._neighbours is None:
            return
        engines = (self._spare.pid, *(worker.process.pid for worker in self._workers.values()))
        own = {os.getpid(), *(pid for pid in engines if pid is not None)}
        is_busy = self._lessor.is_busy
        self._lessor.reserve(self._neighbours.look(own, self._clock.now_s(), is_busy=is_busy))

    async def _refill(self) -> None:
        """Start a spare unless a model loads or is about to: its imports would take a core from that."""
        coming = {State.UNLOADED, State.STARTING, State.BACKOFF}
        if not any(worker.state in coming for worker in self._workers.values()):
            await self._spare.refill()

    def _later(self, pause_s: float, message: Message) -> None:
        asyncio.get_running_loop().call_later(pause_s, self._post, message)

    def _post(self, message: Message) -> None:
        self._inbox.put_nowait(message)


def _is_saving(worker: Worker) -> bool:
    """Tell whether an engine that ends has what goes to disk, or is parked, and lives."""
    vitals = worker.process.vitals()
    is_kept = not vitals.is_loading and (_has_disk(worker) or _is_parked(worker))
    return is_kept and vitals.silent_s <= SAVE_SILENCE_S


def _has_disk(worker: Worker) -> bool:
    tiers = worker.engine.tiers
    return bool(tiers.disk_bytes) and not tiers.is_parking


def _is_parked(worker: Worker) -> bool:
    """Tell whether there is a place for what the engine leaves: when the server ends, it goes first."""
    tiers = worker.engine.tiers
    return tiers.is_parking and tiers.disk_dir is not None and Path(tiers.disk_dir).exists()


def _nobody(_worker: Worker) -> None:
    """Nobody is to be told."""
