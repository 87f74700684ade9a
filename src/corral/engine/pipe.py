"""Frames over file descriptors: commands in, events out, each on a thread of its own."""

from __future__ import annotations

import os
import queue
from collections.abc import Iterator

from corral.core.messages import (
    FRAME_HEADER_BYTES,
    MAX_FRAME_BYTES,
    AnyCommand,
    AnyEvent,
    to_commands,
    to_frame,
)


def read_frames(fd: int) -> Iterator[list[AnyCommand]]:
    """Yield the commands of each frame until the other side is gone."""
    with os.fdopen(fd, "rb", closefd=False) as stream:
        while len(header := stream.read(FRAME_HEADER_BYTES)) == FRAME_HEADER_BYTES:
            body = stream.read(int.from_bytes(header, "little"))
            yield to_commands(body)


class EventWriter:
    """Encodes and writes events on its own thread, so that a step waits for neither.

    Events that piled up while one frame was written go out together in the next.
    """

    def __init__(self, fd: int, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self._fd = fd
        self._max_bytes = max_bytes
        self._outbox: queue.SimpleQueue[list[AnyEvent] | None] = queue.SimpleQueue()

    def post(self, events: list[AnyEvent]) -> None:
        """Leave events to be written, in order. From any thread."""
        self._outbox.put(events)

    def close(self) -> None:
        """Let `run` return once everything is written."""
        self._outbox.put(None)

    def run(self) -> None:
        """Write until closed, or until nobody reads any more."""
        while True:
            events, is_closed = self._gather()
            try:
                self._write(events)
            except BrokenPipeError:
                return
            if is_closed:
                return

    def _write(self, events: list[AnyEvent]) -> None:
        """Write one frame, or several where answers are so long that the other side would refuse it."""
        frame = to_frame(events)
        if len(frame) - FRAME_HEADER_BYTES <= self._max_bytes or len(events) < 2:
            _write_all(self._fd, frame)
            return
        middle = len(events) // 2
        self._write(events[:middle])
        self._write(events[middle:])

    def _gather(self) -> tuple[list[AnyEvent], bool]:
        events: list[AnyEvent] = []
        batch = self._outbox.get()
        try:
            while batch is not None:
                events += batch
                batch = self._outbox.get_nowait()
        except queue.Empty:
            return events, False
        return events, True


def _write_all(fd: int, frame: bytes) -> None:
    view = memoryview(frame)
    while view:
        view = view[os.write(fd, view) :]
