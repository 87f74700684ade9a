"""What became of one request: an answer or a failure. Failures are counted, never left out."""

from __future__ import annotations

import msgspec

from corral.bench.recorder import Trace

_BUSY = frozenset({429, 503})


class Failure(msgspec.Struct, frozen=True):
    """Why there is no answer, and since when that is known, in seconds of `time.perf_counter`.

    `status` is None where the server did not answer with one.
    """

    reason: str
    end_s: float
    status: int | None = None

    @property
    def is_refusal(self) -> bool:
        """Whether the server was busy, or the caller has had its share."""
        return self.status in _BUSY


class Outcome(msgspec.Struct, frozen=True):
    """One request with its answer or its failure; one of the two is there.

    due_s: when it was to be sent, in seconds of `time.perf_counter`; in closed loop the time it was sent.
        Latencies count from here, so that a late generator or a full backlog of the server cannot hide.
    n_predict: tokens asked for.
    n_sent: tokens of its prompt; 0 where words were sent.
    n_history: tokens of its prompt that the server has seen or written in this chat before.
    """

    due_s: float
    n_predict: int
    n_sent: int = 0
    n_history: int = 0
    trace: Trace | None = None
    failure: Failure | None = None

    @property
    def end_s(self) -> float:
        """When its final event came, or when it had failed."""
        ended = self.trace or self.failure
        assert ended is not None
        return ended.end_s
