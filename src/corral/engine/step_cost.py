"""What steps cost, and how many rows of each kind one may have. Pure arithmetic."""

from __future__ import annotations

MIN_CHUNK = 8  # a bound that is already broken must not starve prompts for ever
AIM = 0.8  # of the bound: steps vary, and the slow ones shall keep it too
FIRST_CHUNK = 64  # while nothing is known of the cost, a small one


class StepCost:
    """A running estimate of what rows cost, in milliseconds.

    A prompt token costs `prefill_ms`; decoding n sequences a pass over the weights, worth `PASS_ROWS` rows,
    and n rows. A step of one kind teaches its own estimate; of both, that both are wrong by one factor.
    """

    ALPHA = 0.3  # weight of the newest step
    PASS_ROWS = 3  # measured: 0.5B Q4_0 on two cores, 9.8 ms for one row, 33 for 8, 88 for 32
    FIRST_PASS_TOKENS = 8  # until a decode was seen, a pass is taken for this many prompt tokens

    def __init__(self) -> None:
        self.prefill_ms = 0.0
        self._row_ms = 0.0

    def decode_ms(self, n_decode: int) -> float:
        """Return the cost of decoding `n_decode` sequences once, 0 for none."""
        row_ms = self._row_ms or self.prefill_ms * self.FIRST_PASS_TOKENS / (self.PASS_ROWS + 1)
        return (self.PASS_ROWS + n_decode) * row_ms if n_decode else 0.0

    def observe(self, n_decode: int, n_prefill: int, step_ms: float) -> tuple[float, float]:
        """Learn from one step; return its time split into (prefill, decode) milliseconds."""
        decode_ms = self.decode_ms(n_decode)
        expected_ms = decode_ms + n_prefill * self.prefill_ms
        if n_prefill and not self.prefill_ms:
            self.prefill_ms = step_ms / n_prefill
        elif not expected_ms:
            self._row_ms = step_ms / (self.PASS_ROWS + n_decode)
        else:
            self._scale(1 + self.ALPHA * (step_ms / expected_ms - 1), n_decode, n_prefill)
        share = decode_ms / expected_ms if expected_ms else float(not n_prefill)
        return step_ms * (1 - share), step_ms * share

    def _scale(self, factor: float, n_decode: int, n_prefill: int) -> None:
        if n_prefill:
            self.prefill_ms *= factor
        if n_decode:
            self._row_ms = self.decode_ms(n_decode) / (self.PASS_ROWS + n_decode) * factor

    def n_prefill_within(self, time_ms: float, n_most: int) -> int:
        """Return how many prompt tokens can be processed in `time_ms`: from `MIN_CHUNK` to `n_most`."""
        n_bearable = int(time_ms / self.prefill_ms) if self.prefill_ms else FIRST_CHUNK
        return min(n_most, max(n_bearable, MIN_CHUNK))

    def n_decode_within(self, time_ms: float, n_most: int) -> int:
        """Return how many rows of decoding sequences one step can have in `time_ms`, at most `n_most`."""
        row_ms = self.decode_ms(1) / (self.PASS_ROWS + 1)
        return min(n_most, int(time_ms / row_ms) - self.PASS_ROWS) if row_ms else n_most

    def worth_copying(self, copy_ms: float) -> int:
        """Return the least number of prompt tokens whose prefill costs more than `copy_ms`."""
        return max(1, round(copy_ms / self.prefill_ms)) if self.prefill_ms else 1


def prefill_budget(cost: StepCost, *, n_decode: int, n_batch: int, max_itl_ms: float) -> int:
    """Return how many prompt tokens the next step may process beside `n_decode` rows.

    With nobody decoding it is the whole batch. Otherwise the step shall stay below `max_itl_ms`, the bound on
    the time between two tokens of a stream.
    """
    n_free = n_batch - n_decode
    if not n_decode:
        return n_free
    return cost.n_prefill_within(AIM * max_itl_ms - cost.decode_ms(n_decode), n_free)


def decode_budget(cost: StepCost, *, n_decode: int, n_batch: int, max_itl_ms: float) -> int:
    """Return how many rows `n_decode` sequences may have in the next step: one each, and forced tokens.

    A lone sequence may fill the batch: nobody waits for its step but itself.
    """
    if n_decode == 1:
        return n_batch
    return max(n_decode, cost.n_decode_within(AIM * max_itl_ms, n_batch))
