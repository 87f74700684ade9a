"""How requests are worded and judged, for all servers and scenarios alike."""

from __future__ import annotations

import msgspec

from corral.bench.dialect import Dialect


class LatencyTarget(msgspec.Struct, frozen=True):
    """What a request must keep to be counted as good; None: no bound.

    `ttft_s` bounds the time to its first token, `itl_s` the gaps between its tokens: 95 % of them.
    """

    ttft_s: float | None = None
    itl_s: float | None = None


class LoadSettings(msgspec.Struct, frozen=True):
    """How requests are worded, for all targets alike. `timeout_s` bounds one whole request.

    `models` are the names of those that a scenario may ask for, none where the server has only one;
    `api_keys` those of the callers, none where the target's own is all. `latency` None: nothing is judged.
    """

    dialect: Dialect
    is_greedy: bool = True
    has_text_prompts: bool = False
    models: tuple[str, ...] = ()
    api_keys: tuple[str, ...] = ()
    latency: LatencyTarget | None = None
    timeout_s: float = 600.0
