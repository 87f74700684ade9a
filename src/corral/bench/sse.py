"""Server-sent events without I/O, counted rather than parsed.

The generator needs to know when events end, not what they say, so a read of a socket costs one search and one
count. What the last events said is kept as bytes until the stream is over.
"""

from __future__ import annotations

from collections import deque

# The count of tokens is in one of the last events: a finish reason, usage and [DONE] may each come in a read
# of their own.
_N_KEPT_READS = 4


class EventScanner:
    """Counts the events of one stream. A comment (a line that begins with a colon) is not an event."""

    def __init__(self) -> None:
        self._rest = b""
        self._kept: deque[bytes] = deque(maxlen=_N_KEPT_READS)

    def feed(self, body: bytes) -> int:
        """Return how many events end in `body`."""
        # JSON escapes a carriage return, so a bare one is part of a line's end; servers use either end.
        buffer = self._rest + (body.replace(b"\r", b"") if b"\r" in body else body)
        end = buffer.rfind(b"\n\n") + 2
        if end < 2:
            self._rest = buffer
            return 0
        self._rest = buffer[end:]
        events = buffer[:end]
        n_events = events.count(b"\ndata:") + events.startswith(b"data:")
        if n_events:
            self._kept.append(events)
        return n_events

    @property
    def latest(self) -> bytes:
        """The events of the last read that completed one."""
        return self._kept[-1] if self._kept else b""

    def last_payloads(self) -> list[bytes]:
        """Return the data of the last events, oldest first; OpenAI's `[DONE]` is one of them."""
        lines = b"".join(self._kept).split(b"\n")
        return [line[len(b"data:") :].strip() for line in lines if line.startswith(b"data:")]
