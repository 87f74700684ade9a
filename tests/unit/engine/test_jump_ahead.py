"""Which forced tokens are computed together."""

import pytest

from corral.engine.jump_ahead import within, worth_a_pass
from corral.engine.step_cost import StepCost, decode_budget


def test_lone_sequence_always_jumps():
    assert worth_a_pass([1], [3]) == [1]
    assert worth_a_pass([40], [0]) == [40]


def test_a_pass_of_its_own_must_be_as_full_as_the_common_one():
    assert worth_a_pass([0, 2, 0, 0], [0, 1, 2, 3]) == [0, 0, 0, 0]
    assert worth_a_pass([0, 4, 0, 0], [0, 1, 2, 3]) == [0, 4, 0, 0]


def test_neighbours_share_a_pass_as_long_as_the_shortest():
    assert worth_a_pass([2, 3, 0, 1], [0, 1, 2, 3]) == [2, 2, 0, 0]
    assert worth_a_pass([1, 1, 0, 0], [0, 1, 2, 3]) == [0, 0, 0, 0]


def test_sequences_with_a_gap_between_them_are_no_neighbours():
    assert worth_a_pass([2, 2], [0, 2]) == [2, 2]
    assert worth_a_pass([1, 1, 1], [0, 2, 4]) == [0, 0, 0]


@pytest.mark.parametrize(
    ("n_more", "n_batch", "rows"),
    [([0, 0], 8, [1, 1]), ([9, 9], 8, [7, 1]), ([3, 9], 8, [4, 4]), ([5, 5], 2, [1, 1]), ([1], 1, [1])],
)
def test_batch_is_never_overfull(n_more, n_batch, rows):
    assert within(n_more, n_batch) == rows


def test_forced_tokens_keep_the_bound_of_those_who_wait_for_the_step():
    cost = StepCost()
    for _ in range(20):
        cost.observe(4, 0, 35.0)  # 5 ms a row

    assert decode_budget(cost, n_decode=4, n_batch=512, max_itl_ms=250.0) == 200 // 5 - StepCost.PASS_ROWS
    assert decode_budget(cost, n_decode=4, n_batch=512, max_itl_ms=1.0) == 4
    assert decode_budget(cost, n_decode=1, n_batch=512, max_itl_ms=250.0) == 512
    assert decode_budget(StepCost(), n_decode=4, n_batch=512, max_itl_ms=250.0) == 512
