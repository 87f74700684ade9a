from __future__ import annotations

import pytest

from corral.bench.dialect import FinalCount
from corral.bench.measurement import measure_request, measure_run
from corral.bench.recorder import Trace


def test_a_request_has_latencies_and_rates() -> None:
    trace = Trace(10.0, [12.0, 13.0, 15.0], 16.0, FinalCount(n_prompt=100, n_predicted=5, n_cached=20))

    measured = measure_request(trace)

    assert measured.ttft_s == 2.0
    assert measured.prefill_tok_s == 40.0
    assert measured.decode_tok_s == 1.0
    assert (measured.gap_p50_s, measured.gap_p95_s, measured.gap_max_s) == (1.0, 2.0, 2.0)


def test_a_single_token_has_no_decode_rate_and_no_gap() -> None:
    measured = measure_request(Trace(0.0, [1.0], 1.0, FinalCount(n_prompt=8, n_predicted=1)))

    assert measured.decode_tok_s is None
    assert measured.gap_max_s is None


def test_a_run_counts_the_servers_tokens_over_the_whole_time() -> None:
    traces = [
        Trace(0.0, [1.0, 2.0], 2.0, FinalCount(n_prompt=4, n_predicted=3)),
        Trace(1.0, [3.0, 4.0], 5.0, FinalCount(n_prompt=4, n_predicted=2)),
    ]

    run = measure_run(traces, n_predict=3, client_cpu_s=0.5)

    assert (run.n_predicted, run.wall_s, run.throughput_tok_s) == (5, 5.0, 1.0)
    assert run.client_cpu_share == pytest.approx(0.1)
    assert run.n_short == 1
    assert (run.ttft_p50_s, run.ttft_p95_s, run.ttft_max_s) == (1.0, 2.0, 2.0)
