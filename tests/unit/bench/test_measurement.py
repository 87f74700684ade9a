from __future__ import annotations

import pytest

from corral.bench.dialect import FinalCount
from corral.bench.measurement import measure_request, measure_run, waits_of
from corral.bench.outcome import Failure, Outcome
from corral.bench.recorder import Trace
from corral.bench.settings import LatencyTarget


def answered(times_s, *, sent_s=0.0, due_s=None, end_s=None, count=None, **facts) -> Outcome:
    count = count or FinalCount(n_prompt=8, n_predicted=len(times_s))
    trace = Trace(sent_s, times_s, times_s[-1] if end_s is None else end_s, count)
    return Outcome(sent_s if due_s is None else due_s, facts.pop("n_predict", 1), trace=trace, **facts)


def test_a_request_has_latencies_and_rates() -> None:
    count = FinalCount(n_prompt=100, n_predicted=5, n_cached=20)

    measured = measure_request(answered([12.0, 13.0, 15.0], sent_s=10.0, end_s=16.0, count=count))

    assert measured.ttft_s == 2.0
    assert measured.prefill_tok_s == 40.0
    assert measured.decode_tok_s == 1.0
    assert (measured.gap_p50_s, measured.gap_p95_s, measured.gap_max_s) == (1.0, 2.0, 2.0)


def test_a_single_token_has_no_decode_rate_and_no_gap() -> None:
    measured = measure_request(answered([1.0]))

    assert measured.decode_tok_s is None
    assert measured.gap_max_s is None


def test_a_request_sent_late_has_waited_since_it_was_due() -> None:
    measured = measure_request(answered([5.0], sent_s=4.0, due_s=1.0))

    assert (measured.ttft_s, measured.late_s) == (4.0, 3.0)


def test_a_run_counts_the_servers_tokens_over_the_whole_time() -> None:
    outcomes = [
        answered([1.0, 2.0], count=FinalCount(n_prompt=4, n_predicted=3), n_predict=3),
        answered([3.0, 4.0], sent_s=1.0, end_s=5.0, count=FinalCount(4, 2), n_predict=3),
    ]

    run = measure_run(outcomes, client_cpu_s=0.5)

    assert (run.n_predicted, run.wall_s, run.throughput_tok_s) == (5, 5.0, 1.0)
    assert run.client_cpu_share == pytest.approx(0.1)
    assert run.n_short == 1
    assert (run.ttft_p50_s, run.ttft_p95_s, run.ttft_max_s) == (1.0, 2.0, 2.0)
    assert (run.good_share, run.late_p95_s) == (None, None)


def test_percentiles_are_those_of_all_requests() -> None:
    run = measure_run([answered([float(n)]) for n in range(1, 101)], client_cpu_s=0.0)

    assert (run.ttft_p50_s, run.ttft_p90_s, run.ttft_p95_s, run.ttft_p99_s) == (50, 90, 95, 99)


def test_failures_are_counted_by_their_reasons() -> None:
    busy, cut = Failure("busy", 1.0, 503), Failure("cut", 1.0)
    outcomes = [answered([1.0]), *(Outcome(0.0, 1, failure=each) for each in (busy, busy, cut))]

    run = measure_run(outcomes, client_cpu_s=0.0)

    assert (run.n_requests, run.n_failed, run.n_refused) == (4, 3, 2)
    assert run.failures == {"busy": 2, "cut": 1}


def test_a_run_without_an_answer_has_counts_and_no_latencies() -> None:
    run = measure_run([Outcome(0.0, 1, failure=Failure("busy", 1.0, 429))], client_cpu_s=0.1)

    assert (run.n_requests, run.n_refused, run.throughput_tok_s) == (1, 1, 0.0)
    assert (run.ttft_p50_s, run.gap_max_s, run.prefill_tok_s) == (None, None, None)


def test_rates_are_those_of_the_whole_time_however_soon_the_server_began_to_refuse() -> None:
    outcomes = [
        *(answered([time_s + 0.1], sent_s=time_s) for time_s in (0.0, 1.0)),
        *(Outcome(time_s, 1, failure=Failure("busy", time_s + 0.5, 503)) for time_s in (2.0, 9.5)),
    ]

    run = measure_run(outcomes, client_cpu_s=1.0, latency=LatencyTarget(ttft_s=1.0))

    assert (run.wall_s, run.client_cpu_share) == (10.0, 0.1)
    assert (run.answered_per_s, run.good_per_s, run.throughput_tok_s) == (0.2, 0.2, 0.2)


def test_goodput_counts_what_kept_both_bounds_among_all_requests() -> None:
    steady = [1.0 + 0.1 * n for n in range(21)]
    outcomes = [
        answered(steady),
        answered([*steady[:-1], 9.0]),  # one pause in twenty is forgiven
        answered([*steady[:-2], 8.0, 9.0]),
        answered([time_s + 1.5 for time_s in steady]),
        Outcome(0.0, 1, failure=Failure("busy", 1.0, 503)),
    ]

    run = measure_run(outcomes, client_cpu_s=0.0, latency=LatencyTarget(ttft_s=2.0, itl_s=0.2))

    assert [request.is_good for request in run.requests] == [True, True, False, False]
    assert run.good_share == pytest.approx(0.4)
    assert run.good_per_s == pytest.approx(2 / 9)


def test_a_bound_that_is_not_given_is_not_asked_for() -> None:
    run = measure_run([answered([5.0, 9.0])], client_cpu_s=0.0, latency=LatencyTarget(itl_s=4.0))

    assert run.good_share == 1.0


def test_gaps_count_only_while_another_waits() -> None:
    streams = [answered([1.0, 2.0, 5.0, 6.0])]
    waiting = waits_of([answered([4.5], sent_s=3.0), Outcome(0.0, 1, failure=Failure("cut", 1.0))])

    run = measure_run(streams, client_cpu_s=0.0, windows_s=waiting)

    assert waiting == [(3.0, 4.5)]
    assert (run.gap_p50_s, run.gap_max_s) == (3.0, 3.0)


def test_the_share_of_history_leaves_new_tokens_out() -> None:
    first = answered([1.0], count=FinalCount(10, 1), n_history=0)
    second = answered([2.0], count=FinalCount(n_prompt=30, n_predicted=1, n_cached=15), n_history=20)
    more_than_history = answered([3.0], count=FinalCount(30, 1, n_cached=25), n_history=20)

    run = measure_run([first, second, more_than_history], client_cpu_s=0.0)

    assert run.history_cached_share == pytest.approx(35 / 40)
    assert run.cached_share == pytest.approx(40 / 70)


def test_prompts_of_which_a_part_was_used_are_counted() -> None:
    run = measure_run([answered([1.0], n_sent=9), answered([1.0], n_sent=8)], client_cpu_s=0.0)

    assert run.n_cut == 1
