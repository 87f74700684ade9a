"""Pieces of a stream, cut where an event ends, so that a word of ours can always stand behind them. Pure."""

from __future__ import annotations

# An event ends with an empty line; lines end with LF, CR LF or CR (WHATWG HTML, 9.2.5).
_ENDS = (b"\n\n", b"\n\r\n", b"\r\r")
# An event that is longer is passed on in pieces, rather than be kept.
MAX_KEPT_BYTES = 1024 * 1024


class WholeEvents:
    """Gives back what it is fed, bytes unchanged; only the beginning of an unfinished event waits."""

    def __init__(self) -> None:
        self._kept = b""

    def feed(self, piece: bytes) -> bytes:
        """Return all whole events that are here now, b"" if there is none."""
        whole = self._kept + piece
        at = max((found + len(end) for end in _ENDS if (found := whole.rfind(end)) >= 0), default=0)
        if len(whole) - at > MAX_KEPT_BYTES:
            at = len(whole)
        self._kept = whole[at:]
        return whole[:at]

    def rest(self) -> bytes:
        """Return what is left at the end of the stream."""
        rest, self._kept = self._kept, b""
        return rest
