"""When a silent or stuck engine counts as hung."""

from __future__ import annotations

import msgspec

LONGEST_SILENCE_S = 30.0


class Vitals(msgspec.Struct, frozen=True):
    """Signs of life: seconds since the last heartbeat (or the start), and the age of the step it told of."""

    silent_s: float
    step_age_s: float
    is_loading: bool = False


def hang_reason(vitals: Vitals, hang_s: float) -> str | None:
    """Return why the engine must be ended, None while it is well. A step may take up to `hang_s`."""
    # Native libraries that load from a slow disk can hold even the heartbeat's thread.
    longest_silence_s = max(hang_s, LONGEST_SILENCE_S) if vitals.is_loading else LONGEST_SILENCE_S
    if vitals.silent_s > longest_silence_s:
        return f"no heartbeat for {vitals.silent_s:.0f} s"
    if vitals.step_age_s > hang_s:
        return f"one step has taken {vitals.step_age_s:.1f} s"
    return None
