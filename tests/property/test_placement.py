"""What holds for every decision about memory."""

from hypothesis import given
from hypothesis import strategies as st

from corral.core.memory import Memory
from corral.gateway.placement import Limits, Resident, Verdict, place, queued

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


@given(amounts, some_residents(), bounds)
def test_a_decision_keeps_every_promise(need, residents, limits):
    by_name = {one.name: one for one in residents}

    decision = place(need, residents, limits)

    going = [by_name[name] for name in (*decision.evicted, *decision.closed)]
    assert not any(one.is_pinned or one.is_leaving for one in going)
    assert not any(by_name[name].is_busy for name in decision.evicted)
    assert all(by_name[name].is_busy for name in decision.closed)
    if decision.verdict is not Verdict.WAIT:
        assert not going
    if decision.verdict is not Verdict.START:
        assert decision.reason


@given(amounts, some_residents(), bounds)
def test_a_model_that_waits_starts_once_what_goes_has_gone(need, residents, limits):
    decision = place(need, residents, limits)

    left = [one for one in residents if not one.is_leaving and one.name not in decision.evicted]
    if decision.verdict is Verdict.WAIT and not decision.closed:
        assert place(need, left, limits).verdict is Verdict.START


@given(amounts, some_residents(), bounds)
def test_none_goes_that_could_stay(need, residents, limits):
    decision = place(need, residents, limits)

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
    decision = place(need, residents, limits)

    pinned = [one for one in residents if one.is_pinned and not one.is_leaving]
    if decision.verdict is Verdict.REFUSE:
        assert not fits(need, pinned, limits)
    elif limits.is_hard:
        assert fits(need, pinned, limits)


@given(amounts, some_residents(), bounds, st.randoms())
def test_the_order_in_which_residents_are_told_does_not_matter(need, residents, limits, random):
    shuffled = list(residents)
    random.shuffle(shuffled)

    one = place(need, residents, limits)
    other = place(need, shuffled, limits)

    assert (one.verdict, one.evicted, set(one.closed)) == (other.verdict, other.evicted, set(other.closed))


@given(st.lists(amounts, min_size=1, max_size=4), some_residents(), bounds)
def test_a_queue_is_served_within_the_limits_and_none_before_its_turn(needs, residents, limits):
    """Those ahead find as much room as if nobody had come behind them."""
    live, snapshot, promised = list(residents), list(residents), []
    for number, need in enumerate(needs):
        decision = place(need, snapshot, limits)
        wanted = Resident(name=f"w{number}", need=need, is_busy=True)
        if decision.verdict is Verdict.START:
            assert not limits.is_hard or fits(need, live, limits)
            live.append(wanted)
            later = [one for one in snapshot if not (one.is_leaving or one.is_due)]
            assert not promised or not limits.is_hard or fits(need, later, limits)
        elif decision.verdict is Verdict.WAIT:
            promised.append(wanted)
        assert not {one.name for one in promised} & {*decision.evicted, *decision.closed}
        snapshot = queued(snapshot, wanted, decision)
