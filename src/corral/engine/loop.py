"""The engine's thread: takes commands, runs steps, hands events out. Never waits while there is work."""

from __future__ import annotations

import enum
import queue
from collections.abc import Callable

from corral.core import log
from corral.core.clock import Clock
from corral.core.errors import InternalError, UnavailableError
from corral.core.messages import AnyEvent, Failed
from corral.engine.intake import Prepared
from corral.engine.scheduler import Scheduler

_log = log.get("engine")


class Signal(enum.Enum):
    """What is asked of the loop itself."""

    DRAIN = enum.auto()  # take nothing more, finish, stop
    STOP = enum.auto()  # abort everything and stop


# A request id stands for "cancel this".
LoopCommand = Prepared | str | Signal


class EngineLoop:
    """Owns the scheduler. `post` may be called from any thread and from signal handlers."""

    def __init__(self, scheduler: Scheduler, emit: Callable[[list[AnyEvent]], None], clock: Clock) -> None:
        self._scheduler = scheduler
        self._emit = emit
        self._clock = clock
        self._inbox: queue.SimpleQueue[LoopCommand] = queue.SimpleQueue()
        self._is_draining = False
        self._is_stopped = False
        self._step_began_s: float | None = None

    def post(self, command: LoopCommand) -> None:
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
            if not self._scheduler.is_idle and not self._is_stopped:
                events += self._step()
            if events:
                self._emit(events)
            if self._is_draining and self._scheduler.is_idle:
                return

    def _commands(self) -> list[LoopCommand]:
        """Return what has come in; wait for the first only when there is nothing else to do."""
        commands = []
        try:
            if self._scheduler.is_idle and not self._is_draining:
                commands.append(self._inbox.get())
            while True:
                commands.append(self._inbox.get_nowait())
        except queue.Empty:
            return commands

    def _apply(self, command: LoopCommand) -> list[AnyEvent]:
        match command:
            case Signal.DRAIN:
                self._is_draining = True
                return []
            case Signal.STOP:
                self._is_stopped = True
                return self._scheduler.abort()
            case Prepared() if self._is_draining:
                error = UnavailableError("the server is stopping")
                return [Failed(command.request.request_id, error.report())]
            case Prepared():
                return self._scheduler.submit(command)
            case str():
                return self._scheduler.cancel(command)

    def _step(self) -> list[AnyEvent]:
        self._step_began_s = self._clock.now_s()
        try:
            return self._scheduler.step()
        except Exception as error:  # noqa: BLE001 - the engine loop outlives a fault in one step
            _log.error("engine.step_failed", exc_info=True)
            return self._scheduler.fail_all(InternalError(f"a step failed: {error}"))
        finally:
            self._step_began_s = None
