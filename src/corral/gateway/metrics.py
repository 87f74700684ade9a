"""Counters of one model, kept from the cost of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from corral.core.messages import Stepped
    from corral.core.step_stats import StepStats


class MetricsSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The metrics of one model at one moment. Totals run since its first load, over unloads and restarts.

    `n_prompt_total` counts evaluated prompt tokens, `n_cached_total` those taken from the prefix cache.
    `prompt_per_s` and `predicted_per_s` average tokens per second of such work since the previous snapshot;
    0 when there was none. `n_busy_per_decode` averages running sequences over all decodes.
    `n_deferred` counts requests that wait for a slot, `n_tokens_max` the longest sequence seen.
    A draft (`n_drafts`) is tokens guessed ahead: `n_drafted`, of which `n_drafted_accepted` were right.
    `n_from_host_total` prompt tokens came from that tier of the prefix cache, `n_from_disk_total` of them
    after they were read from disk; `n_kept_total` prefixes went there, and the tiers hold `host_bytes` and
    `disk_bytes`. `wait_s` is how long a request that comes now is thought to wait for its first token.
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
    n_from_device_total: int = 0
    n_from_host_total: int = 0
    n_from_disk_total: int = 0
    n_kept_total: int = 0
    host_bytes: int = 0
    disk_bytes: int = 0
    n_waiting_tokens: int = 0
    wait_s: float = 0.0
    sample_s_total: float = 0.0
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


class _FromTiers:
    """What came from the tiers, over all engines: each counts from 0 again."""

    __slots__ = ("_before", "_now")

    def __init__(self) -> None:
        self._before = (0, 0, 0)
        self._now = (0, 0, 0)

    def step(self, stats: StepStats) -> None:
        self._now = (stats.n_from_host, stats.n_from_disk, stats.n_kept)

    def engine_gone(self) -> None:
        self._before, self._now = self.totals(), (0, 0, 0)

    def totals(self) -> tuple[int, int, int]:
        """Return the tokens from the host and the disk, and the prefixes that went there."""
        (host, disk, kept), (more_host, more_disk, more_kept) = self._before, self._now
        return host + more_host, disk + more_disk, kept + more_kept


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
        self._n_drafts = 0
        self._n_drafted = 0
        self._n_drafted_accepted = 0
        self._sample_ms = 0.0
        self._from_tiers = _FromTiers()
        self._last: StepStats | None = None

    @property
    def wait_ms(self) -> float:
        """How long a request that comes now is thought to wait for its first token."""
        return 0.0 if self._last is None else self._last.wait_ms

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
        self._last = stats
        self._from_tiers.step(stats)
        self._sample_ms += stats.sample_ms
        self._n_cached += stats.n_cached
        self._n_cells_used = stats.n_cells_used
        self._n_cells = stats.n_cells
        self._n_drafts += stats.n_drafts
        self._n_drafted += stats.n_drafted
        self._n_drafted_accepted += stats.n_drafted_accepted
        if stats.n_prefill or stats.n_decode:
            self._n_decodes += 1
            self._n_busy_sum += stats.n_running + n_ended

    def engine_gone(self) -> None:
        """Forget what the ended engine held."""
        self._n_cells_used = 0
        self._last = None
        self._from_tiers.engine_gone()

    def take_snapshot(self, now: Moment) -> MetricsSnapshot:
        """Return the metrics with what is true `now`, and start the next averages from here."""
        total, bucket = self._total, self._bucket
        self._bucket = _Work()
        n_from_host, n_from_disk, n_kept = self._from_tiers.totals()
        last = self._last
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
            n_drafts=self._n_drafts,
            n_drafted=self._n_drafted,
            n_drafted_accepted=self._n_drafted_accepted,
            n_from_device_total=max(0, self._n_cached - n_from_host),
            n_from_host_total=n_from_host,
            n_from_disk_total=n_from_disk,
            n_kept_total=n_kept,
            host_bytes=0 if last is None else last.host_bytes,
            disk_bytes=0 if last is None else last.disk_bytes,
            n_waiting_tokens=0 if last is None else last.n_waiting_tokens,
            wait_s=self.wait_ms / 1000,
            sample_s_total=self._sample_ms / 1000,
            n_processing=now.n_processing,
            n_deferred=now.n_deferred,
            n_loads=now.n_loads,
            n_crashes=now.n_crashes,
            n_restarts=now.n_restarts,
            engine_rss_bytes=now.engine_rss_bytes,
        )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
