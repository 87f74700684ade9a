"""Which answers were fast enough for the person who waits for them."""

from __future__ import annotations

from collections.abc import Sequence

from corral.bench.settings import LatencyTarget
from corral.bench.summary import percentile

# A reader forgives one pause in twenty; the slowest of hundreds of gaps says more about the machine.
_PERCENT_OF_GAPS = 95


def is_good(latency: LatencyTarget, ttft_s: float, gaps_s: Sequence[float]) -> bool:
    """Return whether an answer kept the target: its first token in time, and 95 % of the gaps after it."""
    gap_s = percentile(gaps_s, _PERCENT_OF_GAPS)
    is_ttft_kept = latency.ttft_s is None or ttft_s <= latency.ttft_s
    is_itl_kept = latency.itl_s is None or gap_s is None or gap_s <= latency.itl_s
    return is_ttft_kept and is_itl_kept
