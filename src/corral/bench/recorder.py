"""What one stream leaves behind: when each event came, and the server's count of tokens."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

import msgspec

from corral.bench.dialect import TEXT_EVENT, FinalCount, count_tokens
from corral.bench.errors import BenchError
from corral.bench.sse import EventScanner


class Trace(msgspec.Struct, frozen=True):
    """One answer. Times are seconds of `time.perf_counter`.

    `token_times_s` has one entry for each event with a token; a server that holds back half a character sends
    fewer events than tokens. `end_s` is when the final event came. `body` is the whole stream if it was to be
    kept, else empty.
    """

    sent_s: float
    token_times_s: Sequence[float]
    end_s: float
    count: FinalCount
    body: bytes = b""


class StreamRecorder:
    """Notes the arrival of the events of one stream, beginning with the first token's."""

    def __init__(self, first_token: re.Pattern[bytes] | None = None, *, is_kept: bool = False) -> None:
        self._first_token = first_token
        self._kept: list[bytes] | None = [] if is_kept else None
        self._scanner = EventScanner()
        self._times_s = array("d")

    def receive(self, body: bytes, now_s: float) -> None:
        """Note that `body` came at `now_s`."""
        if self._kept is not None:
            self._kept.append(body)
        n_events = self._scanner.feed(body)
        if not n_events or self._is_before_first_token():
            return
        self._times_s.append(now_s)
        for _ in range(n_events - 1):
            self._times_s.append(now_s)

    @property
    def n_events(self) -> int:
        """Events so far, beginning with the first token's."""
        return len(self._times_s)

    def finish(self, sent_s: float) -> Trace:
        """Return the trace of a stream that has ended.

        Raises:
            BenchError: the stream carried an error, no token or no final count.
        """
        payloads = self._scanner.last_payloads()
        count = count_tokens(payloads)
        if not self._times_s:
            raise BenchError("the stream ended without a token")
        n_token_events = len(self._times_s) - _n_closing_events(payloads, len(self._times_s))
        times_s = self._times_s[: max(n_token_events, 1)]
        return Trace(sent_s, times_s, self._times_s[-1], count, b"".join(self._kept or ()))

    def _is_before_first_token(self) -> bool:
        if self._times_s or self._first_token is None:
            return False
        return self._first_token.search(self._scanner.latest) is None


def _n_closing_events(payloads: list[bytes], n_events: int) -> int:
    """Return how many events at the end carry no text: a finish reason, counts, `[DONE]`."""
    n_closing = 0
    for payload in reversed(payloads[-n_events:]):
        if TEXT_EVENT.search(payload):
            break
        n_closing += 1
    return n_closing
