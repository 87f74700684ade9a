"""How long a crashed engine waits before it starts again."""

from __future__ import annotations

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 30.0
HEALTHY_AFTER_S = 60.0


def crashes_in_a_row(n_before: int, ready_for_s: float) -> int:
    """Return which crash in a row this is; after long enough in health it is the first."""
    return 1 if ready_for_s >= HEALTHY_AFTER_S else n_before + 1


def delay_s(n_crashes: int) -> float:
    """Return the pause after the `n_crashes`-th crash in a row: doubled each time, up to a bound."""
    assert n_crashes >= 1
    doublings = min(n_crashes - 1, 16)  # keeps the power small; the bound is reached long before
    return min(FIRST_DELAY_S * float(1 << doublings), LONGEST_DELAY_S)
