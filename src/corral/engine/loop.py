"""The engine's thread: takes commands, runs steps, hands events out. Never waits while there is work."""

from __future__ import annotations

import enum
import queue
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from corral.core import log
from corral.core.clock import Clock
from corral.core.errors import CorralError, InternalError, UnavailableError
from corral.core.messages import AnyEvent, Failed, LeaseCores

_log = log.get("engine")


class Signal(enum.Enum):
    """What is asked of the loop itself."""

    DRAIN = enum.auto()  # take nothing more, finish, stop
    STOP = enum.auto()  # abort everything and stop


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to do between steps, for the call `request_id`: `act` returns events."""

    request_id: str
    act: Callable[[], list[AnyEvent]]


class Work(Protocol):
    """A request made ready: `intake.Prepared` for generating, `inputs.PreparedInputs` for vectors."""

    @property
    def request_id(self) -> str:
        """Whose it is."""
        ...


WorkT = TypeVar("WorkT", bound=Work)
WorkT_contra = TypeVar("WorkT_contra", bound=Work, contravariant=True)


class Stepper(Protocol[WorkT_contra]):
    """What the loop drives: `scheduler.Scheduler`, or `embedding.EmbeddingScheduler`."""

    @property
    def is_idle(self) -> bool:
        """Whether a step would do nothing."""
        ...

    @property
    def is_done(self) -> bool:
        """Whether nothing is open, not even what waits for something else than a step."""
        ...

    def submit(self, work: WorkT_contra, /) -> list[AnyEvent]:
        """Accept a request."""
        ...

    def cancel(self, request_id: str) -> list[AnyEvent]:
        """End a request, if there is one of that id."""
        ...

    def abort(self) -> list[AnyEvent]:
        """End all requests: the server stops."""
        ...

    def fail_all(self, error: CorralError) -> list[AnyEvent]:
        """End what the failed step was about."""
        ...

    def lease_cores(self, cpus: tuple[int, ...], n_threads: int | None) -> None:
        """Have the next steps computed on these CPUs, or, when there are none, on all (`LeaseCores`)."""
        ...

    def step(self) -> list[AnyEvent]:
        """Run one step."""
        ...


class EngineLoop(Generic[WorkT]):
    """Owns the scheduler. `post` may be called from any thread and from signal handlers.

    A text that is posted is a request id and stands for "cancel this". `settle` is called before and after
    each step, to do what waited for a sequence to end.
    """

    def __init__(
        self,
        scheduler: Stepper[WorkT],
        emit: Callable[[list[AnyEvent]], None],
        clock: Clock,
        settle: Callable[[], list[AnyEvent]] = list,
    ) -> None:
        self._scheduler = scheduler
        self._emit = emit
        self._clock = clock
        self._settle = settle
        self._inbox: queue.SimpleQueue[WorkT | str | Signal | LeaseCores | Deed] = queue.SimpleQueue()
        self._is_draining = False
        self._is_stopped = False
        self._step_began_s: float | None = None

    def post(self, command: WorkT | str | Signal | LeaseCores | Deed) -> None:
        """Leave a command for the next step."""
        self._inbox.put(command)

    def step_age_s(self) -> float:
        """Return how long the present step has been running, 0 between steps. From any thread."""
        began_s = self._step_began_s
        return 0.0 if began_s is None else self._clock.now_s() - began_s

    def run(self) -> None:
        """Work until told to stop, or to drain and drained."""
        while not self._is_stopped:
            events = [event for command in self._commands() for event in self._apply(command)]
            events += self._settle()
            if not self._scheduler.is_idle and not self._is_stopped:
                events += [*self._step(), *self._settle()]
            if events:
                self._emit(events)
            if self._is_draining and self._scheduler.is_done:
                return

    def _commands(self) -> list[WorkT | str | Signal | LeaseCores | Deed]:
        """Return what has come in; wait for the first only when there is nothing else to do."""
        commands: list[WorkT | str | Signal | LeaseCores | Deed] = []
        try:
            if self._scheduler.is_idle and not (self._is_draining and self._scheduler.is_done):
                commands.append(self._inbox.get())
            while True:
                commands.append(self._inbox.get_nowait())
        except queue.Empty:
            return commands

    def _apply(self, command: WorkT | str | Signal | LeaseCores | Deed) -> list[AnyEvent]:
        match command:
            case Signal.DRAIN:
                self._is_draining = True
                return []
            case Signal.STOP:
                self._is_stopped = True
                return self._scheduler.abort()
            case str():
                return self._scheduler.cancel(command)
            case LeaseCores():
                return self._lease(command)
            case Deed():
                return self._do(command)
            case _:
                return self._submit(command)

    def _submit(self, work: WorkT) -> list[AnyEvent]:
        if self._is_draining:
            error = UnavailableError("the server is stopping")
            return [Failed(work.request_id, error.report())]
        return self._scheduler.submit(work)

    def _lease(self, lease: LeaseCores) -> list[AnyEvent]:
        try:
            self._scheduler.lease_cores(lease.cpus, lease.n_threads)
        except OSError as error:  # the system took CPUs away: requests go on where they can
            _log.warning("engine.cores_not_leased", cpus=list(lease.cpus), reason=str(error))
        return []

    @staticmethod
    def _do(deed: Deed) -> list[AnyEvent]:
        try:
            return deed.act()
        except Exception as error:  # noqa: BLE001 - the engine loop outlives a fault in one call
            _log.error("engine.call_failed", exc_info=True)
            return [Failed(deed.request_id, InternalError(str(error)).report())]

    def _step(self) -> list[AnyEvent]:
        self._step_began_s = self._clock.now_s()
        try:
            return self._scheduler.step()
        except Exception as error:  # noqa: BLE001 - the engine loop outlives a fault in one step
            _log.error("engine.step_failed", exc_info=True)
            return self._scheduler.fail_all(InternalError(f"a step failed: {error}"))
        finally:
            self._step_began_s = None
