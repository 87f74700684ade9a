"""How engine processes begin: as new ones, or as the spare one that has its imports behind it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from corral.core import log
from corral.gateway.channel import open_channel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from corral.core.messages import AnyEvent, Load
    from corral.gateway.channel import Channel, Listener

    StartProcess = Callable[[Sequence[str], Listener], Awaitable[Channel]]

_log = log.get("gateway")


class Spare:
    """Opens the channel of every engine. After `refill` one process waits for the next model.

    `argv` starts an engine; `kind` is the runner that the spare is for, None: there is never one. For the
    supervisor's task; reads nothing of what happens to a process once that has been handed out.
    """

    def __init__(
        self, argv: Sequence[str], kind: str | None = None, start: StartProcess = open_channel
    ) -> None:
        self._argv = tuple(argv)
        self._kind = kind
        self._start = start
        self._channel: Channel | None = None
        self._is_closed = False
        self._is_lost = False
        self._gone = asyncio.Event()
        self._gone.set()

    @property
    def pid(self) -> int | None:
        """The id of the process that waits, None if there is none."""
        return self._channel.pid if self._channel is not None else None

    async def open(self, load: Load, listener: Listener) -> Channel:
        """Return the channel to a process that can take `load`, which is not sent. Raises `OSError`."""
        self._is_lost = False
        channel = self._channel
        if channel is None or not self._fits(load):
            return await self._start(self._argv, listener)
        self._channel = None
        self._gone.set()
        channel.hand_to(listener)
        return channel

    async def refill(self) -> None:
        """Start a spare if there is none; one that ended by itself is replaced after the next load."""
        if self._kind is None or self._is_closed or self._is_lost or self._channel is not None:
            return
        try:
            channel = await self._start((*self._argv, self._kind), self)
        except OSError as error:
            self._is_lost = True
            _log.warning("spare.not_started", reason=str(error))
            return
        self._channel = channel
        self._gone.clear()
        if self._is_closed:
            channel.kill()

    def close(self) -> None:
        """Keep no spare any more; the one there is ends."""
        self._is_closed = True
        if self._channel is not None:
            self._channel.kill()

    async def closed(self) -> None:
        """Return once the spare's process is gone."""
        await self._gone.wait()

    def heard(self, events: list[AnyEvent]) -> None:
        """Take its heartbeats, all that a spare says. Called by the channel."""

    def ended(self, reason: str) -> None:
        """Note that it is gone. Called by the channel."""
        self._channel = None
        self._gone.set()
        if not self._is_closed:
            self._is_lost = True
            _log.warning("spare.lost", reason=reason)

    def _fits(self, load: Load) -> bool:
        """Tell whether an engine that has llama.cpp in memory already can take the settings."""
        engine = load.engine
        is_free = engine.numa is None and engine.cpu.poll is None and engine.cpu_batch.poll is None
        return load.runner == self._kind and is_free
