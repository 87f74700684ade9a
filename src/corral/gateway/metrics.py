"""Counters of one model, kept from the cost of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from corral.core.messages import Stepped


class MetricsSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics of one model at one moment. Totals run since its first load, over unloads and restarts.

    `n_prompt_total` counts evaluated prompt tokens, `n_cached_total` those taken from the prefix cache.
    `prompt_per_s` and `predicted_per_s` average tokens per second of such work since the previous snapshot;
    0 when there was none. `n_busy_per_decode` averages running sequences over all decodes.
    `n_deferred` counts requests that wait for a slot, `n_tokens_max` the longest sequence seen.
    `n_drafts`, `n_drafted` and `n_drafted_accepted` stay 0: nothing is drafted yet.
    """

    n_prompt_total: int = 0
    prompt_s_total: float = 0.0
    n_predicted_total: int = 0
    predicted_s_total: float = 0.0
    n_cached_total: int = 0
    n_decode_total: int = 0
    n_busy_per_decode: float = 0.0
    prompt_per_s: float = 0.0
    predicted_per_s: float = 0.0
    n_cells_used: int = 0
    n_cells: int = 0
    cells_used_ratio: float = 0.0
    n_processing: int = 0
    n_deferred: int = 0
    n_tokens_max: int = 0
    n_drafts: int = 0
    n_drafted: int = 0
    n_drafted_accepted: int = 0
    n_loads: int = 0
    n_crashes: int = 0
    n_restarts: int = 0
    engine_rss_bytes: int = 0


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """What is not counted but simply so when a snapshot is taken."""

    n_processing: int = 0
    n_deferred: int = 0
    n_loads: int = 0
    n_crashes: int = 0
    n_restarts: int = 0
    engine_rss_bytes: int = 0


class _Work:
    """Tokens and the milliseconds that they took."""

    __slots__ = ("n_predicted", "n_prompt", "predicted_ms", "prompt_ms")

    def __init__(self) -> None:
        self.n_prompt = 0
        self.prompt_ms = 0.0
        self.n_predicted = 0
        self.predicted_ms = 0.0


class Meter:
    """A reducer of step costs. No clock, no I/O; owned by the worker, over all restarts of its engine."""

    def __init__(self) -> None:
        self._total = _Work()
        self._bucket = _Work()
        self._n_cached = 0
        self._n_decodes = 0
        self._n_busy_sum = 0
        self._n_cells_used = 0
        self._n_cells = 0
        self._n_tokens_max = 0

    def step(self, step: Stepped) -> None:
        """Count one step."""
        stats = step.stats
        n_predicted = n_ended = 0
        for output in step.outputs:
            n_predicted += len(output.tokens)
            if output.end is not None:
                n_ended += 1
                self._n_tokens_max = max(self._n_tokens_max, output.end.n_past)
        for work in (self._total, self._bucket):
            work.n_prompt += stats.n_prefill
            work.prompt_ms += stats.prefill_ms
            work.n_predicted += n_predicted
            work.predicted_ms += stats.decode_ms
        self._n_cached += stats.n_cached
        self._n_cells_used = stats.n_cells_used
        self._n_cells = stats.n_cells
        if stats.n_prefill or stats.n_decode:
            self._n_decodes += 1
            self._n_busy_sum += stats.n_running + n_ended

    def engine_gone(self) -> None:
        """Forget what the ended engine held."""
        self._n_cells_used = 0

    def take_snapshot(self, now: Moment) -> MetricsSnapshot:
        """Return the metrics with what is true `now`, and start the next averages from here."""
        total, bucket = self._total, self._bucket
        self._bucket = _Work()
        return MetricsSnapshot(
            n_prompt_total=total.n_prompt,
            prompt_s_total=total.prompt_ms / 1000,
            n_predicted_total=total.n_predicted,
            predicted_s_total=total.predicted_ms / 1000,
            n_cached_total=self._n_cached,
            n_decode_total=self._n_decodes,
            n_busy_per_decode=_ratio(self._n_busy_sum, self._n_decodes),
            prompt_per_s=_ratio(bucket.n_prompt, bucket.prompt_ms / 1000),
            predicted_per_s=_ratio(bucket.n_predicted, bucket.predicted_ms / 1000),
            n_cells_used=self._n_cells_used,
            n_cells=self._n_cells,
            cells_used_ratio=_ratio(self._n_cells_used, self._n_cells),
            n_tokens_max=self._n_tokens_max,
            n_processing=now.n_processing,
            n_deferred=now.n_deferred,
            n_loads=now.n_loads,
            n_crashes=now.n_crashes,
            n_restarts=now.n_restarts,
            engine_rss_bytes=now.engine_rss_bytes,
        )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
