"""When prompts may join: always, or (--no-cont-batching) only while nothing is being generated."""

from __future__ import annotations

import pytest


@pytest.fixture
def held(make_bench):
    return make_bench(is_batching_continuous=False, n_parallel=4, n_ctx=1024)


def slots_started(bench):
    return [start.request_id for start in bench.starts()]


def test_a_prompt_waits_until_nobody_decodes(held):
    held.submit(prompt=["first"], max_tokens=5)
    held.step()
    held.submit(request_id="b", prompt=["second"], max_tokens=5)
    for _ in range(3):
        held.step()
    assert slots_started(held) == ["a"]

    held.run()

    assert slots_started(held) == ["a", "b"]
    assert held.n_finished("b") == 1


def test_prompts_that_came_before_anybody_decodes_run_together(held):
    for name in "abc":
        held.submit(request_id=name, prompt=[name], max_tokens=5)
    held.step()

    assert slots_started(held) == ["a", "b", "c"]


def test_prompts_join_while_others_are_still_being_read(held):
    held.submit(prompt=["x" * 200], max_tokens=5)
    held.step()
    held.submit(request_id="b", prompt=["second"], max_tokens=5)
    held.step()

    assert slots_started(held) == ["a", "b"]


def test_the_sequences_of_one_request_run_together(held):
    held.submit(prompt=["first"], max_tokens=20, n=3)
    held.step()
    held.step()

    assert [start.index for start in held.starts()] == [0, 1, 2]


def test_with_continuous_batching_a_prompt_joins_at_once(make_bench):
    bench = make_bench()
    bench.submit(prompt=["first"], max_tokens=5)
    bench.step()
    bench.submit(request_id="b", prompt=["second"], max_tokens=5)
    bench.step()

    assert slots_started(bench) == ["a", "b"]
