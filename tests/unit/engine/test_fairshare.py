"""How a step's prompt tokens are shared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corral.engine.fairshare import Claim, shares

claims = st.lists(
    st.builds(Claim, st.sampled_from("abc"), st.just(1.0), st.integers(0, 300)), min_size=1, max_size=12
)


def one(*n_wanted, caller="a", weight=1.0):
    return [Claim(caller, weight, n) for n in n_wanted]


def test_what_fits_is_given():
    assert shares(one(30, 20), 60) == [30, 20]


def test_the_oldest_has_half_and_the_shortest_the_rest():
    assert shares(one(300, 200, 10), 100) == [50, 40, 10]
    assert shares(one(300, 60, 40), 100) == [50, 10, 40]


def test_equal_prompts_go_one_after_another():
    assert shares(one(64, 64, 64, 64), 128) == [64, 64, 0, 0]


def test_callers_share_evenly_however_many_prompts_they_have():
    assert shares([*one(100, 100, 100), *one(100, caller="b")], 100) == [50, 0, 0, 50]


def test_weights_count():
    assert shares([*one(100), *one(100, caller="b", weight=3.0)], 100) == [25, 75]


def test_what_one_does_not_want_goes_to_the_others():
    assert shares([*one(100), *one(10, caller="b"), *one(100, caller="c")], 100) == [45, 10, 45]


@given(claims, st.integers(0, 400))
def test_nothing_is_lost_and_nobody_gets_more_than_it_wants(claims, budget):
    sizes = shares(claims, budget)

    assert all(0 <= size <= claim.n_wanted for size, claim in zip(sizes, claims, strict=True))
    assert sum(sizes) == min(budget, sum(claim.n_wanted for claim in claims))


@given(claims, st.integers(12, 400))
def test_no_caller_gets_less_than_its_part_if_it_wants_that(claims, budget):
    sizes = shares(claims, budget)
    callers = {claim.caller for claim in claims}

    for caller in callers:
        own = [i for i, claim in enumerate(claims) if claim.caller == caller]
        wanted = sum(claims[i].n_wanted for i in own)
        assert sum(sizes[i] for i in own) >= min(wanted, budget // len(callers))


@given(claims, st.integers(2, 400))
def test_the_oldest_prompt_of_a_caller_is_never_starved(claims, budget):
    sizes = shares(claims, budget)

    first = next((i for i, claim in enumerate(claims) if claim.n_wanted), None)
    own = {claim.caller for claim in claims}
    assert first is None or sizes[first] or budget < 2 * len(own)
