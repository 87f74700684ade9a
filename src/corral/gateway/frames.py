"""Bytes from a pipe in, bodies of whole frames out."""

from __future__ import annotations

from corral.core.messages import FRAME_HEADER_BYTES, MAX_FRAME_BYTES


class ProtocolError(Exception):
    """What came makes no sense: whoever sends it is broken."""


class FrameSplitter:
    """Collects the bytes of one pipe. No I/O."""

    def __init__(self, max_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes, return the bodies they complete. Useless once it raised `ProtocolError`."""
        buffer = self._buffer
        buffer += data
        bodies = []
        start = 0
        while len(buffer) - start >= FRAME_HEADER_BYTES:
            body = start + FRAME_HEADER_BYTES
            end = body + int.from_bytes(buffer[start:body], "little")
            if end - body > self._max_bytes:
                raise ProtocolError(f"a frame of {end - body} bytes")
            if len(buffer) < end:
                break
            bodies.append(bytes(buffer[body:end]))
            start = end
        del buffer[:start]
        return bodies
