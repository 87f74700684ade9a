"""Who may still wait in a queue that is full."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corral.core.queue_share import has_room


def test_a_queue_with_room_takes_everybody():
    assert has_room({"a": 7}, "a", 1, 8)


def test_a_full_queue_takes_nobody_more_who_is_alone():
    assert not has_room({"a": 8}, "a", 1, 8)
    assert not has_room({"": 8}, "", 1, 8)


def test_who_has_less_than_an_even_part_is_let_in_though_others_filled_it():
    assert has_room({"a": 8}, "b", 1, 8)
    assert has_room({"a": 8, "b": 3}, "b", 1, 8)
    assert not has_room({"a": 8, "b": 4}, "b", 1, 8)
    assert not has_room({"a": 8, "b": 1}, "a", 1, 8)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5)), max_size=60), st.integers(1, 30))
def test_it_never_holds_more_than_twice_as_much(arrivals, n_most):
    held = {}

    for caller, n in arrivals:
        if has_room(held, caller, n, n_most):
            held[caller] = held.get(caller, 0) + n

    assert sum(held.values()) <= 2 * n_most
