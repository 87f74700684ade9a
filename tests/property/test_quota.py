"""A window of a quota against the list of everything that was ever taken."""

from hypothesis import given
from hypothesis import strategies as st

from corral.gateway.quota import N_SLOTS, Window

PERIOD_S = 60.0
OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["ask", "wait", "overdraw"]), st.floats(0.0, 90.0, allow_nan=False)),
    max_size=120,
)


@given(limit=st.integers(1, 12), operations=OPERATIONS)
def test_no_stretch_of_a_period_has_more_than_the_limit(limit, operations):
    window, taken, now_s = Window(limit, PERIOD_S), [], 1000.0

    for what, seconds in operations:
        if what == "wait":
            now_s += seconds
        elif window.used(now_s) < limit:
            window.take(1, now_s)
            taken.append(now_s)
        assert len(window._slots) <= N_SLOTS + 1

    assert all(sum(end_s - PERIOD_S < at_s <= end_s for at_s in taken) <= limit for end_s in taken)


@given(limit=st.integers(1, 50), operations=OPERATIONS)
def test_after_the_wait_that_was_told_something_is_left_and_not_long_before(limit, operations):
    window, now_s = Window(limit, PERIOD_S), 1000.0

    for what, seconds in operations:
        if what == "wait":
            now_s += seconds
        else:
            window.take(int(seconds) if what == "overdraw" else 1, now_s)
    wait_s = window.wait_s(now_s)

    assert wait_s <= PERIOD_S * (1 + 1 / N_SLOTS) + 1e-6
    if wait_s:
        assert window.used(now_s + wait_s - PERIOD_S / N_SLOTS) >= limit
    assert window.used(now_s + wait_s + 1e-6) < limit


@given(limit=st.integers(1, 50), n_fewer=st.integers(0, 49), operations=OPERATIONS)
def test_after_the_wait_that_was_told_for_several_all_have_room(limit, n_fewer, operations):
    window, now_s, n = Window(limit, PERIOD_S), 1000.0, max(1, limit - n_fewer)

    for what, seconds in operations:
        if what == "wait":
            now_s += seconds
        else:
            window.take(int(seconds) if what == "overdraw" else 1, now_s)
    wait_s = window.wait_s(now_s, n)

    assert window.wait_s(now_s) <= wait_s <= PERIOD_S * (1 + 1 / N_SLOTS) + 1e-6
    assert window.used(now_s + wait_s + 1e-6) <= limit - n


@given(operations=OPERATIONS)
def test_what_is_given_back_was_never_taken(operations):
    window, other, now_s = Window(10, PERIOD_S), Window(10, PERIOD_S), 1000.0
    lent = []

    for what, seconds in operations:
        if what == "wait":
            now_s += seconds
        elif what == "ask":
            window.take(1, now_s)
            other.take(1, now_s)
        else:
            lent.append((window.take(int(seconds), now_s), int(seconds)))
    for slot, n in lent:
        window.give_back(slot, n)

    assert window.used(now_s) == other.used(now_s)


@given(operations=OPERATIONS)
def test_after_the_reset_nothing_counts(operations):
    window, now_s = Window(10, PERIOD_S), 1000.0

    for what, seconds in operations:
        if what == "wait":
            now_s += seconds
        else:
            window.take(1 + int(seconds), now_s)

    assert window.used(now_s + window.reset_s(now_s) + 1e-6) == 0
