"""What goes so that another model can come."""

import pytest

from corral.core.memory import Memory
from corral.gateway.placement import Limits, Resident, Verdict, place, queued

GB = 10**9


def limits(n_workers=None, gb=10, *, is_hard=True):
    return Limits(max_workers=n_workers, budget=Memory(gb * GB), is_hard=is_hard)


def resident(name, gb=1, **facts):
    return Resident(name=name, need=Memory(gb * GB), **facts)


def decide(gb, residents, bounds):
    return place(Memory(gb * GB), residents, bounds)


def test_a_model_that_fits_starts():
    decision = decide(5, [resident("a", 5)], limits())

    assert decision.verdict is Verdict.START
    assert decision.evicted == ()


def test_the_idle_model_used_longest_ago_goes_first():
    residents = [resident("new", 5, used_s=2), resident("old", 5, used_s=1)]

    decision = decide(5, residents, limits())

    assert (decision.verdict, decision.evicted) == (Verdict.WAIT, ("old",))


def test_no_more_go_than_must():
    residents = [resident("small", 1, used_s=1), resident("large", 8, used_s=2)]

    decision = decide(8, residents, limits())

    assert decision.evicted == ("large",)


def test_the_number_of_workers_is_a_bound_too():
    decision = decide(1, [resident("a")], limits(1))

    assert decision.evicted == ("a",)


def test_a_busy_model_is_closed_and_not_evicted():
    decision = decide(1, [resident("a", is_busy=True)], limits(1))

    assert (decision.verdict, decision.evicted, decision.closed) == (Verdict.WAIT, (), ("a",))


def test_idle_models_stay_while_a_busy_one_is_waited_for():
    residents = [resident("idle", 4), resident("busy", 6, is_busy=True, used_s=1)]

    decision = decide(9, residents, limits())

    assert (decision.evicted, decision.closed) == ((), ("busy",))


def test_a_pinned_model_never_goes():
    decision = decide(6, [resident("p", 6, is_pinned=True)], limits())

    assert decision.verdict is Verdict.REFUSE
    assert "may not be unloaded" in decision.reason


def test_what_is_leaving_is_waited_for_and_nothing_else_goes():
    residents = [resident("going", 6, is_leaving=True), resident("idle", 3)]

    decision = decide(6, residents, limits())

    assert (decision.verdict, decision.evicted) == (Verdict.WAIT, ())


def test_a_model_beyond_a_set_budget_is_refused_with_both_figures():
    decision = decide(11, [], limits())

    assert decision.verdict is Verdict.REFUSE
    assert "11.00 GB" in decision.reason
    assert "10.00 GB" in decision.reason
    assert "--memory-budget" in decision.reason


def test_a_small_budget_is_told_in_megabytes():
    bounds = Limits(max_workers=None, budget=Memory(10_000_000), is_hard=True)

    decision = place(Memory(63_000_000), [], bounds)

    assert decision.reason.startswith("it needs 63.0 MB, and the budget is 10.0 MB")


def test_a_model_beyond_a_guessed_budget_runs_alone():
    alone = decide(11, [], limits(is_hard=False))
    beside = decide(11, [resident("a")], limits(is_hard=False))

    assert alone.verdict is Verdict.START
    assert beside.evicted == ("a",)


def test_memory_of_devices_is_a_bound_of_its_own():
    bounds = Limits(max_workers=None, budget=Memory(10 * GB, 4 * GB))
    residents = [
        Resident(name="gpu", need=Memory(GB, 3 * GB)),
        Resident(name="cpu", need=Memory(GB, 0), used_s=-1),
    ]

    decision = place(Memory(GB, 2 * GB), residents, bounds)

    assert decision.evicted == ("gpu",)


def after(gb, residents, bounds, name="first"):
    """Return what the next one finds once a model of that size has queued up."""
    decision = decide(gb, residents, bounds)
    return queued(residents, resident(name, gb, is_busy=True), decision)


def test_what_the_first_in_the_queue_was_promised_is_not_given_away():
    residents = after(8, [resident("busy", 6, is_busy=True)], limits())

    decision = decide(3, residents, limits())

    assert (decision.verdict, decision.evicted, decision.closed) == (Verdict.WAIT, (), ())
    assert decision.reason == "waits until another model has had its turn"


@pytest.mark.parametrize(
    "secret",
    [
        resident("secret", 6, is_busy=True),
        resident("secret", 6, is_pinned=True),
        resident("secret", 6, is_busy=True, is_promised=True),
        resident("secret", 6, is_leaving=True),
    ],
)
def test_why_a_model_waits_tells_no_other_by_name(secret):
    decision = decide(8, [secret], limits())

    assert decision.reason
    assert "secret" not in decision.reason


def test_a_model_that_fits_now_and_beside_the_promised_one_starts():
    residents = after(8, [resident("busy", 6, is_busy=True)], limits())

    assert decide(2, residents, limits()).verdict is Verdict.START


def test_idle_models_that_must_go_anyway_go_first():
    idle, other = resident("due", 5, used_s=9), resident("other", 5, used_s=1)
    residents = [idle, other]
    bounds = limits(2, gb=20)

    decision = decide(1, queued(residents, resident("first"), decide(1, residents, bounds)), bounds)

    assert decision.evicted == ("due",)


def test_a_started_model_takes_its_room_at_once():
    residents = after(6, [], limits())

    assert [one.is_promised for one in residents] == [False]
    assert decide(6, residents, limits()).closed == ("first",)


def test_a_refused_model_is_promised_nothing():
    assert after(11, [], limits()) == []
