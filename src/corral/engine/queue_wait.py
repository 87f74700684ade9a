"""How long a request that comes now would wait for its first token. Pure arithmetic over the steps' costs."""

from __future__ import annotations


class QueueWait:
    """Learns from every step. A request waits for the prompts before it, and for a sequence to end.

    Both are counted in the time that steps took, so that pauses teach nothing. What a prompt costs is told by
    the time of a step's rows: states that were copied for it are no measure of others.
    """

    ALPHA = 0.2  # weight of the newest step, or of the newest end

    def __init__(self) -> None:
        self._prefill_ms = 0.0  # of the rows of steps with prompt tokens, whatever else these computed
        self._n_prefill = 0.0
        self._end_ms = 0.0  # between two ends
        self._since_end_ms = 0.0

    def stepped(self, step_ms: float, *, rows_ms: float, n_prefill: int, n_ended: int) -> None:
        """Learn from one step; `rows_ms` of it went into decoding and sampling."""
        if n_prefill:
            self._prefill_ms += self.ALPHA * (rows_ms - self._prefill_ms)
            self._n_prefill += self.ALPHA * (n_prefill - self._n_prefill)
        self._since_end_ms += step_ms
        if n_ended:
            newest_ms = self._since_end_ms / n_ended
            self._end_ms += (self.ALPHA if self._end_ms else 1.0) * (newest_ms - self._end_ms)
            self._since_end_ms = 0.0

    def estimate_ms(self, *, n_waiting: int, n_tokens: int, is_full: bool) -> float:
        """Return the wait behind `n_waiting` sequences and `n_tokens` of prompts that are to be computed.

        `is_full`: as many run as can, so that one has to end for each of those, and one more.
        """
        token_ms = self._prefill_ms / self._n_prefill if self._n_prefill else 0.0
        turn_ms = (n_waiting + 1) * max(self._end_ms, self._since_end_ms) if is_full else 0.0
        return max(n_tokens * token_ms, turn_ms)
