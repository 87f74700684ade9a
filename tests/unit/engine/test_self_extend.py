from __future__ import annotations

import pytest

from corral.core.engine_settings import RopeSettings
from corral.core.errors import ContextExceededError
from corral.engine.self_extend import Added, Divided, Grouping, regroup

FOUR = Grouping(4, 32)


@pytest.fixture
def grouped(make_bench):
    return make_bench(rope=RopeSettings(group_n=4, group_width=32), n_parallel=2, n_ctx=1024)


def test_nothing_moves_before_the_window_is_full():
    assert regroup(FOUR, 0, 31).operations == ()


def test_a_full_window_is_divided_and_what_follows_closes_up():
    regrouped = regroup(FOUR, 0, 32)

    assert regrouped.operations == (Added(0, 32, 0), Divided(0, 32, 4), Added(32, 32, -24))
    assert (regrouped.start, regrouped.position) == (8, 8)


def test_the_second_window_makes_up_for_what_the_first_removed():
    regrouped = regroup(FOUR, 8, 40)

    assert regrouped.operations == (Added(8, 40, 24), Divided(32, 64, 4), Added(64, 64, -48))
    assert (regrouped.start, regrouped.position) == (16, 16)


def test_201_tokens_in_groups_of_4_end_at_position_56():
    start = position = 0
    n_left = 201
    while n_left:
        regrouped = regroup(FOUR, start, position)
        start, position = regrouped.start, regrouped.position
        n_rows = min(n_left, start + FOUR.width - position)
        n_left, position = n_left - n_rows, position + n_rows

    assert position - 1 == 56


def test_a_long_prompt_is_prefilled_window_by_window(grouped):
    grouped.submit(prompt=["x" * 201], max_tokens=1)
    grouped.run()

    prefills = [event.stats.n_prefill for event in grouped.events if hasattr(event, "stats")]
    assert prefills[:3] == [32, 32, 32]
    assert sum(prefills) == 201
    positions = grouped.runner.memory.positions(0)
    assert positions[-1] == 56
    assert positions == sorted(positions)
    assert positions[:8] == [0, 0, 0, 0, 1, 1, 1, 1]


def test_positions_go_on_in_groups_while_tokens_are_generated(grouped):
    grouped.submit(prompt=["hello"], max_tokens=200)
    grouped.run()

    assert grouped.end().n_predicted == 200
    assert len(grouped.runner.memory.held[0]) == 204
    assert grouped.runner.memory.positions(0)[-1] < 204 / 4 + FOUR.width


def test_nothing_is_reused_not_even_by_the_sequences_of_one_request(grouped):
    grouped.submit(prompt=["x" * 100], max_tokens=2, n=2)
    grouped.run()
    grouped.submit(request_id="b", prompt=["x" * 100], max_tokens=2)
    grouped.run()

    assert [start.n_cached for start in grouped.starts()] == [0, 0, 0]


def test_the_context_is_not_shifted_but_ends(grouped):
    grouped.submit(prompt=["hello"], max_tokens=None)
    grouped.run()

    assert (grouped.end().n_predicted, grouped.end().is_truncated) == (512 - 5, True)


def test_prompts_are_not_cut_but_refused(grouped):
    with pytest.raises(ContextExceededError):
        grouped.prepare(prompt=["x" * 512])
