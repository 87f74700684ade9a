"""One engine process as the gateway sees it: what it was sent, what it says, whether it is well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from corral.core.errors import from_report
from corral.core.messages import Cancel, Drain, Heartbeat, LoadFailed, Progress, Ready, Submit
from corral.gateway.frames import ProtocolError
from corral.gateway.open_requests import OpenRequests
from corral.gateway.vitals import Vitals

if TYPE_CHECKING:
    from corral.core.clock import Clock
    from corral.core.errors import CorralError
    from corral.core.messages import Answer, AnyCall, AnyCommand, AnyEvent, LeaseCores, Load, ModelFacts
    from corral.gateway.channel import Channel
    from corral.gateway.generation import Generation
    from corral.gateway.metrics import Meter
    from corral.gateway.spare import Spare


class Watcher(Protocol):
    """Who is told of a process. Only told: what follows is decided elsewhere."""

    def process_came_further(self, fraction: float) -> None:
        """So much of the model is loaded, in [0, 1]."""
        ...

    def process_ready(self, facts: ModelFacts) -> None:
        """The model is loaded."""
        ...

    def process_busy(self, *, is_busy: bool) -> None:
        """It has something to do again, or nothing any more."""
        ...

    def process_ended(self, reason: str) -> None:
        """It is gone."""
        ...


class EngineProcess:
    """One process from its start to its end. Owns its channel and the requests that it has.

    `requests` are None until the model is loaded.
    """

    def __init__(self, meter: Meter, clock: Clock, watcher: Watcher) -> None:
        self.requests: OpenRequests | None = None
        self.heartbeat = Heartbeat(0.0, 0)
        self.refusal: CorralError | None = None
        self._meter = meter
        self._clock = clock
        self._watcher = watcher
        self._channel: Channel | None = None
        self._kill_reason: str | None = None
        self._heard_s = clock.now_s()

    @property
    def pid(self) -> int | None:
        """The process's id, None before its start."""
        return self._channel.pid if self._channel is not None else None

    async def start(self, spare: Spare, load: Load) -> None:
        """Start a process, or have the spare one, and give it its model. Raises `OSError`."""
        self._channel = await spare.open(load, self)
        self._channel.send(load)

    def submit(self, generation: Generation) -> None:
        """Have the engine accept `generation`; only once ready."""
        self._ready_requests().accept(generation)
        self._send(Submit(generation.request))

    def cancel(self, request_id: str) -> None:
        """End a request whose reader has left."""
        self._send(Cancel(request_id))

    async def call(self, command: AnyCall, caller: str = "") -> Answer:
        """Return the engine's answer; only once ready. Raises what the engine says, or that it is gone.

        It is one of what `caller` has open. Who stops waiting cancels the call.
        """
        answer = self._ready_requests().accept_call(command.request_id, caller)
        self._send(command)
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancel(command.request_id)
            raise

    def lease(self, cores: LeaseCores) -> None:
        """Tell the engine on which cores it computes."""
        self._send(cores)

    def drain(self) -> None:
        """Let the process end after the requests it has; one that still loads has none and ends now."""
        if self.requests is None:
            self.kill()
        else:
            self._send(Drain())

    def terminate(self) -> None:
        """Ask the process to cut its requests and end."""
        if self._channel is not None:
            self._channel.terminate()

    def kill(self, because: str | None = None) -> None:
        """End the process now; `because` is what its end is put down to."""
        self._kill_reason = because
        if self._channel is not None:
            self._channel.kill()

    def vitals(self) -> Vitals:
        """Return the signs of life."""
        return Vitals(
            silent_s=self._clock.now_s() - self._heard_s,
            step_age_s=self.heartbeat.step_age_s,
            is_loading=self.requests is None,
        )

    def gone(self, error: CorralError) -> None:
        """Fail everything that the process had; it is gone."""
        self.heartbeat = Heartbeat(0.0, 0)
        self._meter.engine_gone()
        if self.requests is not None:
            self.requests.fail_all(error)

    def heard(self, events: list[AnyEvent]) -> None:
        """Take the events of one frame. Called by the channel."""
        for event in events:
            match event:
                case Heartbeat():
                    self.heartbeat = event
                    self._heard_s = self._clock.now_s()
                case Ready(facts):
                    self.requests = OpenRequests(facts, self._meter, self._tell_busy)
                    self._watcher.process_ready(facts)
                case LoadFailed(report):
                    self.refusal = from_report(report)
                case Progress(fraction):
                    self._watcher.process_came_further(fraction)
                case _ if self.requests is not None:
                    self.requests.apply(event)
                case _:
                    raise ProtocolError("it speaks of requests before it is ready")

    def ended(self, reason: str) -> None:
        """Tell why the process is gone. Called by the channel."""
        refusal = self.refusal.message if self.refusal is not None else None
        self._watcher.process_ended(self._kill_reason or refusal or reason)

    def _tell_busy(self, is_busy: bool) -> None:  # noqa: FBT001 (a callback)
        self._watcher.process_busy(is_busy=is_busy)

    def _ready_requests(self) -> OpenRequests:
        assert self.requests is not None, "the engine is not ready"
        return self.requests

    def _send(self, command: AnyCommand) -> None:
        if self._channel is not None:
            self._channel.send(command)
