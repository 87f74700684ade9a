"""How many tokens are worth guessing."""

from __future__ import annotations

import pytest

from corral.engine.draft.benefit import DraftCost, HitRate


@pytest.fixture
def cost():
    made = DraftCost()
    made.observe(0, 10.0)
    return made


def learn(cost, n_drafted, step_ms, times=30):
    for _ in range(times):
        cost.observe(0, 10.0)
        cost.observe(n_drafted, step_ms)


def test_nothing_is_drafted_that_is_seldom_right(cost):
    assert cost.n_worth([0.2] * 16) == 0


def test_the_more_probable_the_more_is_drafted(cost):
    few, some, many = (cost.n_worth([rate] * 16) for rate in (0.5, 0.8, 0.99))

    assert 0 < few < some < many == 16


def test_a_guess_behind_an_improbable_one_is_not_drafted(cost):
    assert cost.n_worth([0.99, 0.99, 0.01, 0.99, 0.99]) == 2


def test_rows_that_cost_nothing_are_filled(cost):
    learn(cost, 8, 10.0)

    assert cost.n_worth([0.6] * 8) == 8


def test_rows_that_cost_as_much_as_steps_are_not_worth_it(cost):
    for n in range(1, 17):
        learn(cost, n, 10.0 * (n + 1))

    assert cost.n_worth([0.95] * 16) == 0


def test_each_size_has_its_own_cost(cost):
    learn(cost, 3, 40.0)
    learn(cost, 7, 20.0)

    assert cost.of(3) == pytest.approx(4.0, rel=0.05)
    assert cost.of(7) == pytest.approx(2.0, rel=0.05)
    assert cost.n_worth([0.95] * 7) == 7


def test_a_machine_in_trouble_for_one_step_teaches_little(cost):
    learn(cost, 4, 20.0)

    cost.observe(0, 5000.0)
    cost.observe(4, 9000.0)

    assert cost.one_ms < 20
    assert cost.of(4) < 3


def test_what_cost_too_much_is_tried_again_some_time(cost):
    for n in range(1, 17):
        learn(cost, n, 10.0 * (n + 1))
    before = cost.n_worth([0.95] * 16)

    for _ in range(DraftCost.N_REMEMBERED):
        cost.observe(0, 10.0)

    assert (before, cost.n_worth([0.95] * 16) > 0) == (0, True)


def test_a_draft_before_any_step_teaches_nothing():
    cost = DraftCost()

    cost.observe(4, 100.0)

    assert cost.of(4) == 2.0


def test_rates_follow_what_is_seen_by_how_far_the_text_agreed():
    rate = HitRate()

    for _ in range(40):
        rate.saw(2, is_hit=False)
        rate.saw(9, is_hit=True)

    assert rate.of(2) < 0.05
    assert rate.of(7) == rate.of(9) > 0.95
    assert rate.of(4) == HitRate().of(4)


def test_a_longer_agreement_promises_more():
    rates = [HitRate().of(n) for n in range(2, 40)]

    assert rates == sorted(rates)


def test_now_and_then_a_step_without_drafts_shows_what_it_costs_by_now(cost):
    learn(cost, 4, 15.0)
    worth = []
    for _ in range(2 * DraftCost.IN_ROW):
        worth.append(cost.n_worth([0.99] * 4))
        cost.observe(worth[-1], 15.0 if worth[-1] else 10.0)

    assert worth.count(0) == 1


def test_a_first_step_that_was_slow_does_not_make_drafts_look_good_for_long():
    cost = DraftCost()
    cost.observe(0, 60.0)

    drafted = []
    for _ in range(300):
        drafted.append(cost.n_worth([0.9] * 4))
        cost.observe(drafted[-1], 10.0 * (1 + drafted[-1]))

    assert drafted[0] > 0
    assert sum(map(bool, drafted[100:])) == 0
