"""One engine process as the gateway sees it: what it was sent, what it says, whether it is well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from corral.core.errors import from_report
from corral.core.messages import Cancel, Drain, Heartbeat, LoadFailed, Progress, Ready, Submit
from corral.gateway.channel import open_channel
from corral.gateway.frames import ProtocolError
from corral.gateway.open_requests import OpenRequests
from corral.gateway.vitals import Vitals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from corral.core.clock import Clock
    from corral.core.errors import CorralError
    from corral.core.messages import Answer, AnyCall, AnyCommand, AnyEvent, Load, ModelFacts
    from corral.gateway.channel import Channel
    from corral.gateway.generation import Generation
    from corral.gateway.metrics import Meter


class EngineProcess:
    """One process from its start to its end. Owns its channel and the requests that it has.

    `on_ready` is called once the model is loaded, `on_end` with the reason when the process is gone; both
    only tell, and what follows is decided elsewhere. `requests` are None until the model is loaded.
    """

    def __init__(
        self,
        meter: Meter,
        clock: Clock,
        on_ready: Callable[[ModelFacts], None],
        on_end: Callable[[str], None],
    ) -> None:
        self.requests: OpenRequests | None = None
        self.heartbeat = Heartbeat(0.0, 0)
        self.refusal: CorralError | None = None
        self._meter = meter
        self._clock = clock
        self._on_ready = on_ready
        self._on_end = on_end
        self._channel: Channel | None = None
        self._kill_reason: str | None = None
        self._heard_s = clock.now_s()

    async def start(self, argv: Sequence[str], load: Load) -> None:
        """Start the process `argv` and give it its model. Raises `OSError`."""
        self._channel = await open_channel(argv, self)
        self._channel.send(load)

    def submit(self, generation: Generation) -> None:
        """Have the engine accept `generation`; only once ready."""
        self._ready_requests().accept(generation)
        self._send(Submit(generation.request))

    def cancel(self, request_id: str) -> None:
        """End a request whose reader has left."""
        self._send(Cancel(request_id))

    async def call(self, command: AnyCall) -> Answer:
        """Return the engine's answer; only once ready. Raises what the engine says, or that it is gone.

        Who stops waiting cancels the call.
        """
        answer = self._ready_requests().accept_call(command.request_id)
        self._send(command)
        try:
            return await answer
        except asyncio.CancelledError:
            self.cancel(command.request_id)
            raise

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
                    self.requests = OpenRequests(facts, self._meter)
                    self._on_ready(facts)
                case LoadFailed(report):
                    self.refusal = from_report(report)
                case Progress():
                    pass
                case _ if self.requests is not None:
                    self.requests.apply(event)
                case _:
                    raise ProtocolError("it speaks of requests before it is ready")

    def ended(self, reason: str) -> None:
        """Tell why the process is gone. Called by the channel."""
        refusal = self.refusal.message if self.refusal is not None else None
        self._on_end(self._kill_reason or refusal or reason)

    def _ready_requests(self) -> OpenRequests:
        assert self.requests is not None, "the engine is not ready"
        return self.requests

    def _send(self, command: AnyCommand) -> None:
        if self._channel is not None:
            self._channel.send(command)
