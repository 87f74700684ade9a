"""What one step of an engine cost."""

from __future__ import annotations

import msgspec


class StepStats(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The cost of one step and what the engine holds after it. Times in milliseconds.

    `prefill_ms` and `decode_ms` split the step's time by rows. `n_cells_used` of `n_cells` hold tokens.
    `n_cached` counts prompt tokens that admission in this step took from the prefix cache. A draft
    (`n_drafts`) is tokens guessed ahead: `n_drafted`, and of them the sampler chose `n_drafted_accepted`.
    `sample_ms` is the part of the step in which tokens were chosen. `n_waiting_tokens` are in the prompts of
    those that wait; `wait_ms` is how long a request that comes now is thought to wait for its first token.
    Since the engine's start `n_from_host` tokens came from that tier, `n_from_disk` of them after they were
    read from disk, and `n_kept` prefixes went there; the tiers hold `host_bytes` and `disk_bytes`.
    """

    n_prefill: int
    n_decode: int
    prefill_ms: float
    decode_ms: float
    n_cached: int
    n_running: int
    n_waiting: int
    n_cells_used: int
    n_cells: int
    n_drafts: int = 0
    n_drafted: int = 0
    n_drafted_accepted: int = 0
    sample_ms: float = 0.0
    n_waiting_tokens: int = 0
    wait_ms: float = 0.0
    n_from_host: int = 0
    n_from_disk: int = 0
    n_kept: int = 0
    host_bytes: int = 0
    disk_bytes: int = 0
