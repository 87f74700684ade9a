import pytest

from corral.gateway.metrics import Meter, MetricsSnapshot, Moment


@pytest.fixture
def meter():
    return Meter()


def test_before_the_first_step_all_is_zero(meter):
    assert meter.take_snapshot(Moment()) == MetricsSnapshot()


def test_totals_add_up_over_steps(meter, words):
    meter.step(words.stepped(n_prefill=10, prefill_ms=50.0, n_cached=4, n_running=1))
    meter.step(words.stepped(outputs=[words.output(tokens=(1, 2))], n_decode=1, decode_ms=20.0, n_running=1))

    snapshot = meter.take_snapshot(Moment())

    assert (snapshot.n_prompt_total, snapshot.prompt_s_total) == (10, 0.05)
    assert (snapshot.n_predicted_total, snapshot.predicted_s_total) == (2, 0.02)
    assert (snapshot.n_cached_total, snapshot.n_decode_total) == (4, 2)


def test_drafts_add_up_over_steps(meter, words):
    meter.step(words.stepped(n_drafts=1, n_drafted=4, n_drafted_accepted=3))
    meter.step(words.stepped(n_drafts=1, n_drafted=2, n_drafted_accepted=0))

    snapshot = meter.take_snapshot(Moment())

    assert (snapshot.n_drafts, snapshot.n_drafted, snapshot.n_drafted_accepted) == (2, 6, 3)


def test_averages_start_anew_with_each_snapshot_and_totals_do_not(meter, words):
    meter.step(words.stepped(outputs=[words.output()], n_decode=1, decode_ms=10.0))

    first, second = meter.take_snapshot(Moment()), meter.take_snapshot(Moment())

    assert (first.predicted_per_s, second.predicted_per_s) == (100.0, 0.0)
    assert second.n_predicted_total == 1


def test_a_step_without_rows_is_no_decode(meter, words):
    meter.step(words.stepped(outputs=[words.output(end=words.end())]))

    assert meter.take_snapshot(Moment()).n_decode_total == 0


def test_busy_slots_count_those_that_end_in_the_step(meter, words):
    meter.step(words.stepped(outputs=[words.output(end=words.end())], n_decode=4, n_running=3))
    meter.step(words.stepped(n_decode=2, n_running=2))

    assert meter.take_snapshot(Moment()).n_busy_per_decode == 3.0


def test_cells_are_those_of_the_last_step_until_the_engine_is_gone(meter, words):
    meter.step(words.stepped(n_cells_used=30, n_cells=120))
    before = meter.take_snapshot(Moment())

    meter.engine_gone()

    assert before.cells_used_ratio == 0.25
    assert meter.take_snapshot(Moment()).cells_used_ratio == 0.0


def test_the_longest_sequence_is_remembered(meter, words):
    for n_past in (5, 40, 12):
        meter.step(words.stepped(outputs=[words.output(end=words.end(n_past=n_past))]))

    assert meter.take_snapshot(Moment()).n_tokens_max == 40


def test_what_is_so_now_is_passed_on(meter):
    snapshot = meter.take_snapshot(Moment(n_processing=3, n_deferred=2, n_crashes=1, n_restarts=1))

    assert (snapshot.n_processing, snapshot.n_deferred) == (3, 2)
    assert (snapshot.n_crashes, snapshot.n_restarts) == (1, 1)


def test_what_came_from_the_tiers_adds_up_over_engines(meter, words):
    meter.step(words.stepped(n_cached=50, n_from_host=20, n_from_disk=8, n_kept=2))
    meter.step(words.stepped(n_cached=10, n_from_host=30, n_from_disk=8, n_kept=3))
    meter.engine_gone()
    meter.step(words.stepped(n_cached=5, n_from_host=5, n_kept=1))

    snapshot = meter.take_snapshot(Moment())

    assert (snapshot.n_from_host_total, snapshot.n_from_disk_total, snapshot.n_kept_total) == (35, 8, 4)
    assert snapshot.n_from_device_total == 30


def test_the_queue_and_the_tiers_are_those_of_the_last_step_until_the_engine_is_gone(meter, words):
    meter.step(words.stepped(n_waiting_tokens=70, wait_ms=1500.0, host_bytes=4096, disk_bytes=8192))
    before = meter.take_snapshot(Moment())
    meter.engine_gone()
    after = meter.take_snapshot(Moment())

    assert (before.n_waiting_tokens, before.wait_s) == (70, 1.5)
    assert (before.host_bytes, before.disk_bytes) == (4096, 8192)
    assert (after.n_waiting_tokens, after.wait_s, after.host_bytes, after.disk_bytes) == (0, 0, 0, 0)


def test_the_time_for_sampling_adds_up(meter, words):
    meter.step(words.stepped(sample_ms=3.0))
    meter.step(words.stepped(sample_ms=4.0))

    assert meter.take_snapshot(Moment()).sample_s_total == pytest.approx(0.007)
