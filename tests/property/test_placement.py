"""What holds for every decision about memory."""

from hypothesis import given
from hypothesis import strategies as st

from corral.core.memory import Memory
from corral.gateway.placement import Limits, Resident, Verdict, place

amounts = st.builds(Memory, st.integers(0, 12), st.integers(0, 6))
facts = st.tuples(amounts, st.booleans(), st.booleans(), st.booleans(), st.integers(0, 9))
bounds = st.builds(
    Limits,
    max_workers=st.none() | st.integers(0, 5),
    budget=st.builds(Memory, st.integers(0, 20), st.integers(0, 10)),
    is_hard=st.booleans(),
)


@st.composite
def some_residents(draw):
    return [
        Resident(
            name=f"m{number}", need=need, is_busy=busy, is_pinned=pinned, is_leaving=leaving, used_s=used
        )
        for number, (need, busy, pinned, leaving, used) in enumerate(draw(st.lists(facts, max_size=6)))
    ]


def fits(need, residents, limits):
    is_room = limits.max_workers is None or len(residents) < limits.max_workers
    return is_room and sum((one.need for one in residents), need).fits(limits.budget)


@given(amounts, some_residents(), bounds, st.booleans())
def test_a_decision_keeps_every_promise(need, residents, limits, may_close):
    by_name = {one.name: one for one in residents}

    decision = place(need, residents, limits, may_close=may_close)

    going = [by_name[name] for name in (*decision.evicted, *decision.closed)]
    assert not any(one.is_pinned or one.is_leaving for one in going)
    assert not any(by_name[name].is_busy for name in decision.evicted)
    assert all(by_name[name].is_busy for name in decision.closed)
    assert may_close or not decision.closed
    if decision.verdict is not Verdict.WAIT:
        assert not going
    if decision.verdict is not Verdict.START:
        assert decision.reason


@given(amounts, some_residents(), bounds)
def test_a_model_that_waits_starts_once_what_goes_has_gone(need, residents, limits):
    decision = place(need, residents, limits, may_close=True)

    left = [one for one in residents if not one.is_leaving and one.name not in decision.evicted]
    if decision.verdict is Verdict.WAIT and not decision.closed:
        assert place(need, left, limits, may_close=True).verdict is Verdict.START


@given(amounts, some_residents(), bounds)
def test_none_goes_that_could_stay(need, residents, limits):
    decision = place(need, residents, limits, may_close=True)

    staying = [one for one in residents if not one.is_leaving]
    for spared in decision.evicted:
        left = [one for one in staying if one.name == spared or one.name not in decision.evicted]
        clipped = (
            need
            if limits.is_hard
            else Memory(
                min(need.host_bytes, limits.budget.host_bytes),
                min(need.device_bytes, limits.budget.device_bytes),
            )
        )
        assert not fits(clipped, left, limits)


@given(amounts, some_residents(), bounds)
def test_refusal_means_that_even_an_empty_machine_would_not_do(need, residents, limits):
    decision = place(need, residents, limits, may_close=True)

    pinned = [one for one in residents if one.is_pinned and not one.is_leaving]
    if decision.verdict is Verdict.REFUSE:
        assert not fits(need, pinned, limits)
    elif limits.is_hard:
        assert fits(need, pinned, limits)


@given(amounts, some_residents(), bounds, st.booleans(), st.randoms())
def test_the_order_in_which_residents_are_told_does_not_matter(need, residents, limits, may_close, random):
    shuffled = list(residents)
    random.shuffle(shuffled)

    one = place(need, residents, limits, may_close=may_close)
    other = place(need, shuffled, limits, may_close=may_close)

    assert (one.verdict, one.evicted, set(one.closed)) == (other.verdict, other.evicted, set(other.closed))
