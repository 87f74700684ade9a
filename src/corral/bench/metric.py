"""The metrics of a run that are shown: their names, units and which way is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from corral.bench.measurement import RunMeasurement


class Metric(msgspec.Struct, frozen=True):
    """A field of `RunMeasurement`. A shown value is the field's times `scale`."""

    field: str
    label: str
    unit: str
    scale: float = 1.0
    is_higher_better: bool = True

    def values(self, runs: Sequence[RunMeasurement]) -> list[float]:
        """Return the metric of each run, in SI units; a run without it is left out."""
        found = (getattr(run, self.field) for run in runs)
        return [value for value in found if value is not None]


def _latency(field: str, label: str) -> Metric:
    return Metric(field, label, "ms", scale=1000.0, is_higher_better=False)


def _share(field: str, label: str) -> Metric:
    return Metric(field, label, "%", scale=100.0)


_ALL = (
    Metric("throughput_tok_s", "throughput", "tok/s"),
    Metric("decode_tok_s", "decode, a stream", "tok/s"),
    Metric("prefill_tok_s", "prefill, a stream", "tok/s"),
    _latency("ttft_p50_s", "first token p50"),
    _latency("ttft_p90_s", "first token p90"),
    _latency("ttft_p95_s", "first token p95"),
    _latency("ttft_p99_s", "first token p99"),
    _latency("gap_p50_s", "gap p50"),
    _latency("gap_p90_s", "gap p90"),
    _latency("gap_p95_s", "gap p95"),
    _latency("gap_p99_s", "gap p99"),
    _latency("gap_max_s", "gap max"),
    Metric("answered_per_s", "answers", "1/s"),
    Metric("good_per_s", "goodput", "1/s"),
    _share("good_share", "goodput, of all requests"),
    _share("cached_share", "prompt from cache"),
    _share("history_cached_share", "history from cache"),
    _latency("late_p95_s", "generator late p95"),
    Metric("client_cpu_share", "generator's CPU", "% of a core", scale=100.0, is_higher_better=False),
)
METRICS: Mapping[str, Metric] = MappingProxyType({metric.field: metric for metric in _ALL})
