"""What a step is told to have cost, and what is learnt from it."""

from __future__ import annotations

import pytest


def slow_copies(bench, seconds):
    """Have every copy of a state take so long."""
    copy = bench.runner.memory.copy

    def copy_slowly(source, target):
        bench.clock.pass_by(seconds)
        copy(source, target)

    bench.runner.memory.copy = copy_slowly


@pytest.fixture
def busy(make_bench):
    """An engine with a stream, beside which another comes whose state is copied for long."""
    bench = make_bench(n_parallel=4, n_ctx=4 * 256, n_batch=64)
    slow_copies(bench, 5.0)
    bench.submit(request_id="a", prompt=["x" * 40], max_tokens=200)
    for _ in range(4):
        bench.step()
    bench.submit(request_id="b", prompt=["x" * 40 + "y" * 20], max_tokens=200)
    return bench


def stats_of_step(bench):
    """Run a step; return its figures."""
    (stepped,) = bench.step()
    return stepped.stats


def test_a_copied_state_does_not_cut_the_prompts_after_it(busy):
    busy.step()
    busy.submit(request_id="c", prompt=["z" * 60], max_tokens=2)

    assert stats_of_step(busy).n_prefill == 60
    assert busy.runner.memory.n_copied == 1


def test_a_step_has_all_its_time_in_its_figures(busy):
    stats = stats_of_step(busy)

    assert stats.prefill_ms + stats.decode_ms > 5000
    assert stats.n_prefill == 20
