"""Which rows the next decode has: all decoding sequences, then as much prefill as the others can bear."""

from __future__ import annotations

from collections.abc import Sequence as Items

MIN_CHUNK = 8  # a bound that is already broken must not starve prompts for ever
FIRST_CHUNK = 64  # while nothing is known of the cost, a small one


class StepCost:
    """A running estimate of what rows cost, in milliseconds.

    `decode_ms` is the last known cost of a step with the present number of decode rows, `prefill_ms` that of
    one prompt token. Both follow the measured times with weight `ALPHA`.
    """

    ALPHA = 0.3

    def __init__(self) -> None:
        self.decode_ms = 0.0
        self.prefill_ms = 0.0

    def observe(self, n_decode: int, n_prefill: int, step_ms: float) -> tuple[float, float]:
        """Learn from one step; return its time split into (prefill, decode) milliseconds."""
        if not n_prefill:
            self.decode_ms = self._mixed(self.decode_ms, step_ms)
            return 0.0, step_ms
        decode_ms = min(self.decode_ms, step_ms / 2) if n_decode else 0.0
        prefill_ms = step_ms - decode_ms
        self.prefill_ms = self._mixed(self.prefill_ms, prefill_ms / n_prefill)
        return prefill_ms, decode_ms

    def worth_copying(self, copy_ms: float) -> int:
        """Return the least number of prompt tokens whose prefill costs more than `copy_ms`."""
        return max(1, round(copy_ms / self.prefill_ms)) if self.prefill_ms else 1

    def _mixed(self, old: float, new: float) -> float:
        return new if not old else old + self.ALPHA * (new - old)


def prefill_budget(cost: StepCost, *, n_decode: int, n_batch: int, max_itl_ms: float) -> int:
    """Return how many prompt tokens the next step may process beside `n_decode` rows.

    With nobody decoding it is the whole batch. Otherwise the step shall stay below `max_itl_ms`, the bound on
    the time between two tokens of a stream.
    """
    n_free = n_batch - n_decode
    if not n_decode:
        return n_free
    if not cost.prefill_ms:
        return min(n_free, FIRST_CHUNK)
    n_bearable = int((max_itl_ms - cost.decode_ms) / cost.prefill_ms)
    return min(n_free, max(n_bearable, MIN_CHUNK))


def chunks(n_wanted: Items[int], budget: int) -> list[int]:
    """Share `budget` tokens among prompts that still want `n_wanted` each, first come first served."""
    sizes = []
    for n in n_wanted:
        size = min(n, budget)
        sizes.append(size)
        budget -= size
    return sizes
