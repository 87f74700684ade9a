"""What was measured: one request's latencies and rates, and one run of a scenario.

Rates are the client's: they include HTTP and whatever the server does between a token and its event.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec

from corral.bench.recorder import Trace
from corral.bench.summary import median, percentile


class RequestMeasurement(msgspec.Struct, frozen=True):
    """One answer. Gaps are the times between two tokens' events; None where there is no second token.

    ttft_s: from sending the request to the first token.
    prefill_tok_s: prompt tokens computed (not those cached) for each second of `ttft_s`.
    decode_tok_s: tokens after the first for each second after the first; None for a single token.
    """

    n_prompt: int
    n_cached: int
    n_predicted: int
    ttft_s: float
    prefill_tok_s: float
    decode_tok_s: float | None
    gap_p50_s: float | None
    gap_p95_s: float | None
    gap_max_s: float | None


class RunMeasurement(msgspec.Struct, frozen=True):
    """One run of a scenario on one target.

    throughput_tok_s: predicted tokens of all streams for each second of `wall_s`, which runs from the first
        request sent to the last final event.
    decode_tok_s, prefill_tok_s: medians over the requests.
    gap_*: over the gaps of all requests together.
    client_cpu_s: processor time of the load generator itself; `client_cpu_share` is that for each second.
    n_short: answers with fewer tokens than asked for; they make a comparison unfair.
    """

    wall_s: float
    client_cpu_s: float
    client_cpu_share: float
    n_predicted: int
    n_short: int
    throughput_tok_s: float
    decode_tok_s: float | None
    prefill_tok_s: float
    ttft_p50_s: float
    ttft_p95_s: float
    ttft_max_s: float
    gap_p50_s: float | None
    gap_p95_s: float | None
    gap_max_s: float | None
    requests: tuple[RequestMeasurement, ...]


def measure_request(trace: Trace) -> RequestMeasurement:
    """Return the measurement of one answer."""
    gaps_s = _gaps(trace)
    first_s = trace.token_times_s[0]
    ttft_s = first_s - trace.sent_s
    count = trace.count
    return RequestMeasurement(
        n_prompt=count.n_prompt,
        n_cached=count.n_cached,
        n_predicted=count.n_predicted,
        ttft_s=ttft_s,
        prefill_tok_s=(count.n_prompt - count.n_cached) / ttft_s,
        decode_tok_s=_rate(count.n_predicted - 1, trace.end_s - first_s),
        gap_p50_s=percentile(gaps_s, 50),
        gap_p95_s=percentile(gaps_s, 95),
        gap_max_s=max(gaps_s, default=None),
    )


def measure_run(traces: Sequence[Trace], *, n_predict: int, client_cpu_s: float) -> RunMeasurement:
    """Return the measurement of one run from its answers, at least one."""
    requests = tuple(measure_request(trace) for trace in traces)
    wall_s = max(trace.end_s for trace in traces) - min(trace.sent_s for trace in traces)
    n_predicted = sum(request.n_predicted for request in requests)
    ttfts_s = [request.ttft_s for request in requests]
    gaps_s = [gap for trace in traces for gap in _gaps(trace)]
    return RunMeasurement(
        wall_s=wall_s,
        client_cpu_s=client_cpu_s,
        client_cpu_share=client_cpu_s / wall_s,
        n_predicted=n_predicted,
        n_short=sum(request.n_predicted < n_predict for request in requests),
        throughput_tok_s=n_predicted / wall_s,
        decode_tok_s=median([each.decode_tok_s for each in requests if each.decode_tok_s is not None]),
        prefill_tok_s=median([each.prefill_tok_s for each in requests]) or 0.0,
        ttft_p50_s=percentile(ttfts_s, 50) or 0.0,
        ttft_p95_s=percentile(ttfts_s, 95) or 0.0,
        ttft_max_s=max(ttfts_s),
        gap_p50_s=percentile(gaps_s, 50),
        gap_p95_s=percentile(gaps_s, 95),
        gap_max_s=max(gaps_s, default=None),
        requests=requests,
    )


def _gaps(trace: Trace) -> list[float]:
    return [later - earlier for earlier, later in pairwise(trace.token_times_s)]


def _rate(n_tokens: int, seconds: float) -> float | None:
    """Return tokens a second; None where no time passed, as for a single token."""
    return n_tokens / seconds if n_tokens > 0 and seconds > 0 else None
