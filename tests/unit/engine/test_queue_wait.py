"""How long a request would wait, and when there are too many tokens before it."""

import pytest

from corral.core.errors import QueueFullError, from_report
from corral.core.messages import Failed, Score, Stepped
from corral.engine.queue_wait import QueueWait


def estimate(wait, *, n_waiting=0, n_tokens=0, is_full=False):
    return wait.estimate_ms(n_waiting=n_waiting, n_tokens=n_tokens, is_full=is_full)


def test_nothing_is_expected_before_anything_was_seen():
    assert estimate(QueueWait(), n_waiting=9, n_tokens=900, is_full=True) == 0.0


def test_prompt_tokens_wait_as_long_as_those_before_them_took():
    wait = QueueWait()

    for _ in range(3):
        wait.stepped(100.0, rows_ms=100.0, n_prefill=50, n_ended=0)

    assert estimate(wait, n_tokens=1000) == pytest.approx(2000.0)


def test_a_step_without_prompt_tokens_teaches_nothing_about_them():
    wait = QueueWait()
    wait.stepped(100.0, rows_ms=100.0, n_prefill=50, n_ended=0)

    wait.stepped(900.0, rows_ms=900.0, n_prefill=0, n_ended=0)

    assert estimate(wait, n_tokens=1000) == pytest.approx(2000.0)


def test_states_that_were_copied_say_nothing_of_what_prompts_cost():
    wait = QueueWait()
    wait.stepped(100.0, rows_ms=100.0, n_prefill=50, n_ended=0)

    wait.stepped(5100.0, rows_ms=100.0, n_prefill=50, n_ended=0)

    assert estimate(wait, n_tokens=1000) == pytest.approx(2000.0)


def test_behind_a_full_batch_each_waits_for_an_end():
    wait = QueueWait()

    for _ in range(4):
        wait.stepped(30.0, rows_ms=30.0, n_prefill=0, n_ended=0)
        wait.stepped(30.0, rows_ms=30.0, n_prefill=0, n_ended=1)

    assert estimate(wait, n_waiting=2, is_full=True) == pytest.approx(180.0)
    assert estimate(wait, n_waiting=2) == 0.0


def test_while_no_sequence_ends_the_wait_grows():
    wait = QueueWait()
    wait.stepped(10.0, rows_ms=10.0, n_prefill=0, n_ended=1)

    wait.stepped(500.0, rows_ms=500.0, n_prefill=0, n_ended=0)

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


def test_a_score_is_one_to_wait_for_however_many_words_it_has(make_bench):
    def wait_behind(*words):
        bench = make_bench(n_parallel=1)
        bench.submit(prompt=[[1] * 40], max_tokens=50)
        bench.step()
        score(bench, "s", words)
        bench.step()
        return stats_of(bench).wait_ms

    assert wait_behind("ab", "cd", "ef", "gh") == wait_behind("a")


@pytest.mark.parametrize("n", [1, 3])
def test_each_sequence_of_a_request_is_one_to_wait_for(make_bench, n):
    bench = make_bench(n_parallel=1)
    bench.submit(request_id="runs", prompt=[[1] * 40], max_tokens=50)
    bench.step()
    alone_ms = stats_of(bench).wait_ms

    bench.submit(request_id="waits", prompt=[[2]], max_tokens=2, n=n)
    bench.step()

    # a step more that nobody ended in
    assert stats_of(bench).wait_ms == pytest.approx((1 + n) * 2 * alone_ms)


def test_requests_that_are_cancelled_end_too(make_bench):
    def wait_after(n_cancelled):
        bench = make_bench(n_parallel=1)
        for number in range(n_cancelled):
            run_one_and_cancel(bench, str(number))
        bench.submit(request_id="last", prompt=[[1]], max_tokens=50)
        bench.step()
        return stats_of(bench).wait_ms

    assert wait_after(20) == pytest.approx(wait_after(3), rel=0.5)


def test_scores_end_too(make_bench):
    def wait_after(n_scores):
        bench = make_bench(n_parallel=1)
        for number in range(n_scores):
            score(bench, str(number), ["ab", "cd"])
            bench.run()
        bench.submit(request_id="last", prompt=[[1]], max_tokens=50)
        bench.step()
        return stats_of(bench).wait_ms

    assert wait_after(20) == pytest.approx(wait_after(3), rel=0.5)


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


def test_a_prompt_counts_once_for_its_caller_however_many_answers_it_has(make_bench):
    bench = make_bench(n_parallel=1, max_queue_tokens=100)
    bench.submit(request_id="runs", prompt=[[1] * 60], max_tokens=3)
    bench.step()
    bench.submit(request_id="a1", prompt=[[2] * 30], max_tokens=2, n=4, caller="a")
    bench.submit(request_id="b1", prompt=[[3] * 60], max_tokens=2, caller="b")

    bench.submit(request_id="a2", prompt=[[4] * 20], max_tokens=2, caller="a")
    bench.run()

    assert bench.n_finished("a2") == 1


def test_what_is_scored_is_never_refused(make_bench):
    bench = make_bench(n_parallel=1, max_queue_tokens=100)
    bench.submit(request_id="runs", prompt=[[1] * 60], max_tokens=3)
    bench.step()
    bench.submit(request_id="waits", prompt=[[2] * 60], max_tokens=3)

    score(bench, "s", ["yes", "no"], "z" * 60)
    bench.run()

    assert not [event for event in bench.events if isinstance(event, Failed)]


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


def score(bench, request_id, words, prompt="some chat"):
    call = Score(request_id, [prompt], ["?"], list(words), is_bos_wanted=False)
    bench.events += bench.scheduler.submit(bench.intake.prepare_score(call))


def run_one_and_cancel(bench, request_id):
    bench.submit(request_id=request_id, prompt=[[1]], max_tokens=50)
    bench.step()
    bench.step()
    bench.events += bench.scheduler.cancel(request_id)


def stats_of(bench):
    return [event.stats for event in bench.events if isinstance(event, Stepped)][-1]


def refusal(bench, request_id):
    (report,) = [e.error for e in bench.events if isinstance(e, Failed) and e.request_id == request_id]
    return from_report(report)
