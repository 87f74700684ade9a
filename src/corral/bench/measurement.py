"""What was measured: one request's latencies and rates, and one run of a scenario.

Rates are the client's: they include HTTP and whatever the server does between a token and its event.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from corral.bench.goodput import is_good
from corral.bench.outcome import Outcome
from corral.bench.recorder import Trace
from corral.bench.settings import LatencyTarget
from corral.bench.summary import median, percentile

Window = tuple[float, float]


class RequestMeasurement(msgspec.Struct, frozen=True):
    """One answer. Gaps are the times between two tokens' events; None where there is no second token.

    ttft_s: from the time the request was due to the first token.
    prefill_tok_s: prompt tokens computed (not those cached) for each second of `ttft_s`.
    decode_tok_s: tokens after the first for each second after the first; None for a single token.
    n_history: prompt tokens that the server has seen or written in this chat before.
    late_s: how long after it was due the generator sent it, connecting included; 0 in closed loop.
    is_good: whether it kept the latency target; None if there is none.
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
    n_history: int = 0
    late_s: float = 0.0
    is_good: bool | None = None


class RunMeasurement(msgspec.Struct, frozen=True):
    """One run of a scenario on one target. Latencies are those of the requests that were answered.

    wall_s: from the first request due to the last final event or failure.
    throughput_tok_s: predicted tokens of all streams for each second of `wall_s`.
    decode_tok_s, prefill_tok_s: medians over the requests.
    gap_*: over the gaps of all requests together, or those in the windows that the scenario is about.
    client_cpu_s: processor time of the load generator itself; `client_cpu_share` is that for each second.
    n_short, n_cut: answers with fewer tokens than asked for, prompts of which the server used a part only;
        both make a comparison unfair.
    n_requests, n_failed, n_refused: all that ended, those without an answer, those of them that were refused
        because the server was busy (503) or the caller had its share (429). `failures` counts their reasons.
    answered_per_s, good_per_s, good_share: answers a second; those that kept the latency target a second,
        and as a share of all requests, failed ones included.
    cached_share, history_cached_share: of all prompt tokens, and of those that were said in the chat before.
    late_p95_s: how late the generator was; far below the latencies, or the generator is the bottleneck. None
        in closed loop.
    """

    wall_s: float
    client_cpu_s: float
    client_cpu_share: float
    n_predicted: int
    n_short: int
    throughput_tok_s: float
    decode_tok_s: float | None
    prefill_tok_s: float | None
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    ttft_max_s: float | None
    gap_p50_s: float | None
    gap_p95_s: float | None
    gap_max_s: float | None
    requests: tuple[RequestMeasurement, ...]
    ttft_p90_s: float | None = None
    ttft_p99_s: float | None = None
    gap_p90_s: float | None = None
    gap_p99_s: float | None = None
    n_requests: int = 0
    n_failed: int = 0
    n_refused: int = 0
    failures: dict[str, int] = {}
    answered_per_s: float | None = None
    good_per_s: float | None = None
    good_share: float | None = None
    cached_share: float | None = None
    history_cached_share: float | None = None
    late_p95_s: float | None = None
    n_cut: int = 0


def measure_request(outcome: Outcome, latency: LatencyTarget | None = None) -> RequestMeasurement:
    """Return the measurement of a request that was answered."""
    trace = outcome.trace
    assert trace is not None
    gaps_s = _gaps(trace)
    first_s = trace.token_times_s[0]
    ttft_s = first_s - outcome.due_s
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
        n_history=outcome.n_history,
        late_s=trace.sent_s - outcome.due_s,
        is_good=None if latency is None else is_good(latency, ttft_s, gaps_s),
    )


def measure_run(
    outcomes: Sequence[Outcome],
    *,
    client_cpu_s: float,
    latency: LatencyTarget | None = None,
    windows_s: Sequence[Window] | None = None,
) -> RunMeasurement:
    """Return the measurement of one run; without an answer there are counts, and no latencies.

    Args:
        outcomes: of all requests of the run.
        client_cpu_s: processor time of the generator.
        latency: what requests are judged by; None: they are not.
        windows_s: beginnings and ends of the times in which gaps count; None: all of them.
    """
    traces = [outcome.trace for outcome in outcomes if outcome.trace is not None]
    requests = tuple(measure_request(each, latency) for each in outcomes if each.trace is not None)
    wall_s = _wall_s(outcomes)
    n_predicted = sum(request.n_predicted for request in requests)
    reasons = [outcome.failure for outcome in outcomes if outcome.failure is not None]
    counts = [(each, each.trace.count) for each in outcomes if each.trace is not None]
    n_good = None if latency is None else sum(bool(request.is_good) for request in requests)
    return RunMeasurement(
        wall_s=wall_s,
        client_cpu_s=client_cpu_s,
        client_cpu_share=_each_second(client_cpu_s, wall_s),
        n_predicted=n_predicted,
        n_short=sum(count.n_predicted < each.n_predict for each, count in counts),
        n_cut=sum(count.n_prompt < each.n_sent for each, count in counts),
        throughput_tok_s=_each_second(n_predicted, wall_s),
        decode_tok_s=median([each.decode_tok_s for each in requests if each.decode_tok_s is not None]),
        prefill_tok_s=median([each.prefill_tok_s for each in requests]),
        **_percentiles("ttft", [request.ttft_s for request in requests]),
        **_percentiles("gap", [gap for trace in traces for gap in _gaps(trace, windows_s)]),
        requests=requests,
        n_requests=len(outcomes),
        n_failed=len(reasons),
        n_refused=sum(failure.is_refusal for failure in reasons),
        failures=dict(Counter(failure.reason for failure in reasons)),
        answered_per_s=_each_second(len(requests), wall_s),
        good_per_s=None if n_good is None else _each_second(n_good, wall_s),
        good_share=None if n_good is None or not outcomes else n_good / len(outcomes),
        cached_share=_share([(each.n_cached, each.n_prompt) for each in requests]),
        history_cached_share=_share(
            [(min(each.n_cached, each.n_history), each.n_history) for each in requests]
        ),
        late_p95_s=percentile([each.late_s for each in requests if each.late_s > 0], 95),
    )


def commonest_failure(runs: Sequence[RunMeasurement]) -> str:
    """Return the reason for which most requests of the runs failed; empty if none did."""
    reasons = Counter[str]()
    for run in runs:
        reasons.update(run.failures)
    return reasons.most_common(1)[0][0] if reasons else ""


def waits_of(outcomes: Sequence[Outcome]) -> list[Window]:
    """Return when each answered request was waiting for its first token."""
    return [(each.due_s, each.trace.token_times_s[0]) for each in outcomes if each.trace is not None]


def _percentiles(name: str, values_s: Sequence[float]) -> dict[str, float | None]:
    """Return the fields of `RunMeasurement` that tell how these are spread; None each of nothing."""
    found = {f"{name}_p{percent}_s": percentile(values_s, percent) for percent in (50, 90, 95, 99)}
    return {**found, f"{name}_max_s": max(values_s, default=None)}


def _gaps(trace: Trace, windows_s: Sequence[Window] | None = None) -> list[float]:
    """Return the gaps, of those with windows the ones that touch a window."""
    pairs = pairwise(trace.token_times_s)
    return [
        later - earlier
        for earlier, later in pairs
        if windows_s is None or any(earlier < end and later > start for start, end in windows_s)
    ]


def _wall_s(outcomes: Sequence[Outcome]) -> float:
    if not outcomes:
        return 0.0
    return max(outcome.end_s for outcome in outcomes) - min(outcome.due_s for outcome in outcomes)


def _each_second(amount: float, wall_s: float) -> float:
    return amount / wall_s if wall_s > 0 else 0.0


def _rate(n_tokens: int, seconds: float) -> float | None:
    """Return tokens a second; None where no time passed, as for a single token."""
    return n_tokens / seconds if n_tokens > 0 and seconds > 0 else None


def _share(parts: Sequence[tuple[int, int]]) -> float | None:
    """Return the parts of the wholes, all together; None of nothing."""
    whole = sum(whole for _, whole in parts)
    return sum(part for part, _ in parts) / whole if whole else None
