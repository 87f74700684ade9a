"""How long a request would wait, and when there are too many tokens before it."""

import pytest

from corral.core.errors import QueueFullError, from_report
from corral.core.messages import Failed, Stepped
from corral.engine.queue_wait import QueueWait


def estimate(wait, *, n_waiting=0, n_tokens=0, is_full=False):
    return wait.estimate_ms(n_waiting=n_waiting, n_tokens=n_tokens, is_full=is_full)


def test_nothing_is_expected_before_anything_was_seen():
    assert estimate(QueueWait(), n_waiting=9, n_tokens=900, is_full=True) == 0.0


def test_prompt_tokens_wait_as_long_as_those_before_them_took():
    wait = QueueWait()

    for _ in range(3):
        wait.stepped(100.0, n_prefill=50, n_ended=0)

    assert estimate(wait, n_tokens=1000) == pytest.approx(2000.0)


def test_a_step_without_prompt_tokens_teaches_nothing_about_them():
    wait = QueueWait()
    wait.stepped(100.0, n_prefill=50, n_ended=0)

    wait.stepped(900.0, n_prefill=0, n_ended=0)

    assert estimate(wait, n_tokens=1000) == pytest.approx(2000.0)


def test_behind_a_full_batch_each_waits_for_an_end():
    wait = QueueWait()

    for _ in range(4):
        wait.stepped(30.0, n_prefill=0, n_ended=0)
        wait.stepped(30.0, n_prefill=0, n_ended=1)

    assert estimate(wait, n_waiting=2, is_full=True) == pytest.approx(180.0)
    assert estimate(wait, n_waiting=2) == 0.0


def test_while_no_sequence_ends_the_wait_grows():
    wait = QueueWait()
    wait.stepped(10.0, n_prefill=0, n_ended=1)

    wait.stepped(500.0, n_prefill=0, n_ended=0)

    assert estimate(wait, is_full=True) == 500.0


def test_steps_tell_of_the_prompts_that_wait(make_bench):
    bench = make_bench(n_parallel=1)
    for request_id, size in (("a", 30), ("b", 40), ("c", 50)):
        bench.submit(request_id=request_id, prompt=[[1] * size], max_tokens=3, n=2)

    bench.step()
    stats = stats_of(bench)
    bench.run()

    assert stats.n_waiting_tokens == 40 + 50
    assert stats.wait_ms > 0
    assert (stats_of(bench).n_waiting_tokens, bench.scheduler.roster.n_waiting_tokens) == (0, 0)


def test_prompts_beyond_the_bound_are_refused_with_an_estimate(make_bench):
    bench = make_bench(n_parallel=1, max_queue_tokens=100)
    bench.submit(request_id="runs", prompt=[[1] * 60], max_tokens=3)
    bench.step()
    bench.submit(request_id="waits", prompt=[[2] * 60], max_tokens=3)

    bench.submit(request_id="beyond", prompt=[[3] * 60], max_tokens=3)
    error = refusal(bench, "beyond")
    bench.run()

    assert isinstance(error, QueueFullError)
    assert "60 prompt tokens wait" in error.message
    assert 1 <= error.facts["retry_after_s"] <= 600
    assert bench.n_finished("waits") == 1


def test_a_prompt_larger_than_the_bound_is_taken_where_none_waits(make_bench):
    bench = make_bench(n_parallel=1, max_queue_tokens=10)

    bench.submit(prompt=[[1] * 60], max_tokens=2)
    bench.run()

    assert bench.n_finished() == 1


def test_without_a_bound_any_number_of_tokens_may_wait(make_bench):
    bench = make_bench(n_parallel=1, max_queue_tokens=0)

    for number in range(20):
        bench.submit(request_id=str(number), prompt=[[number] * 200], max_tokens=1)
    bench.run()

    assert all(bench.n_finished(str(number)) for number in range(20))


def test_a_cancelled_request_waits_no_longer(make_bench):
    bench = make_bench(n_parallel=1)
    bench.submit(request_id="waits", prompt=[[1] * 60])

    bench.events += bench.scheduler.cancel("waits")

    assert bench.scheduler.roster.n_waiting_tokens == 0


@pytest.mark.parametrize(("wait_ms", "wait_s"), [(0.0, 1), (1200.0, 2), (10**9, 600)])
def test_the_time_to_come_back_is_bounded(wait_ms, wait_s):
    error = QueueFullError.expecting("It is full", wait_ms)

    assert error.facts["retry_after_s"] == wait_s
    assert error.message == f"It is full; the first token of another request would come in about {wait_s} s"


def stats_of(bench):
    return [event.stats for event in bench.events if isinstance(event, Stepped)][-1]


def refusal(bench, request_id):
    (report,) = [e.error for e in bench.events if isinstance(e, Failed) and e.request_id == request_id]
    return from_report(report)
