"""One engine process and the pipes to it: frames of commands down, frames of events up."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Protocol, cast

import msgspec

from corral.core.messages import to_events, to_frame
from corral.gateway.frames import FrameSplitter, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corral.core.messages import AnyCommand, AnyEvent

STDIN = 0


class Listener(Protocol):
    """Who reads a channel. Called on the event loop; must not block."""

    def heard(self, events: list[AnyEvent]) -> None:
        """Take the events of one frame. Raises `ProtocolError` for what an engine may not say."""
        ...

    def ended(self, reason: str) -> None:
        """The process is gone and everything it said was heard. The last call."""
        ...


class Channel(asyncio.SubprocessProtocol):
    """The process that `open_channel` started. Owns the process and its pipes until `listener.ended`.

    Reading never pauses: an engine must not wait for its gateway, and what it may send is bounded by the
    requests it has. The first thing wrong in its frames ends the process.
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._frames = FrameSplitter()
        self._fault: str | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdin: asyncio.WriteTransport | None = None

    @property
    def pid(self) -> int | None:
        """The process's id."""
        return self._transport.get_pid() if self._transport else None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the process. Called by asyncio."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._stdin = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(STDIN))

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002 (stdout is the only pipe read)
        """Hand on the events of complete frames. Called by asyncio."""
        if self._fault is not None:
            return
        try:
            for body in self._frames.feed(data):
                self._listener.heard(to_events(body))
        except (ProtocolError, msgspec.DecodeError) as error:
            self._fault = f"it broke the protocol: {error}"
            self.kill()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (the exit status says more)
        """Report the end, once the process has ended and its pipes are read out. Called by asyncio."""
        assert self._transport is not None
        self._transport.close()
        self._listener.ended(self._fault or _exit_text(self._transport.get_returncode()))

    def hand_to(self, listener: Listener) -> None:
        """Have another hear the process from now on. Only before it was sent anything."""
        self._listener = listener

    def send(self, command: AnyCommand) -> None:
        """Queue one command. Dropped when the process is going: `ended` tells."""
        if self._stdin is not None and not self._stdin.is_closing():
            self._stdin.write(to_frame([command]))

    def terminate(self) -> None:
        """Ask the process to end what it does and go."""
        if self._transport is not None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.terminate()

    def kill(self) -> None:
        """End the process now."""
        if self._transport is not None:
            with contextlib.suppress(ProcessLookupError):
                self._transport.kill()


async def open_channel(argv: Sequence[str], listener: Listener) -> Channel:
    """Start the process `argv` and return the channel to it. Raises `OSError` when it cannot be started.

    It inherits standard error for its log. A session of its own keeps the terminal's Ctrl-C from it: the
    gateway alone decides when an engine ends.
    """
    _, channel = await asyncio.get_running_loop().subprocess_exec(
        lambda: Channel(listener), *argv, stderr=None, start_new_session=True
    )
    return channel


def _exit_text(returncode: int | None) -> str:
    if returncode is None or returncode >= 0:
        return f"exit status {returncode}"
    with contextlib.suppress(ValueError):
        return f"ended by {signal.Signals(-returncode).name}"
    return f"ended by signal {-returncode}"
