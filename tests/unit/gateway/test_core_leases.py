from __future__ import annotations

import pytest

from corral.core.messages import LeaseCores
from corral.gateway.core_leases import KEPT_S, CoreLeases
from corral.gateway.cores import Demand

ANY = Demand()
A, B, BOTH = {"a": ANY}, {"b": ANY}, {"a": ANY, "b": ANY}


@pytest.fixture
def leases():
    """Give leases of two cores with two CPUs each."""
    return CoreLeases(((0, 2), (1, 3)))


def test_a_lone_engine_is_told_nothing(leases):
    assert leases.update(A, 0.0) == {}
    assert leases.next_s is None


def test_two_busy_engines_have_whole_cores_of_their_own_and_are_told_once(leases):
    leases.update(B, 0.0)

    assert leases.update(BOTH, 1.0) == {"a": LeaseCores((1, 3)), "b": LeaseCores((0, 2))}
    assert leases.update(BOTH, 2.0) == {}


def test_who_shrinks_is_told_before_who_grows():
    leases = CoreLeases(tuple((n,) for n in range(4)))
    leases.update({"a": Demand(1), "b": ANY}, 0.0)

    assert list(leases.update(BOTH, 1.0)) == ["b", "a"]


def test_a_short_pause_changes_nothing(leases):
    leases.update(BOTH, 0.0)

    sent = [leases.update(A, 1.0), leases.update(BOTH, 1.0 + KEPT_S / 2), leases.update(A, 2.0)]

    assert sent == [{}, {}, {}]
    assert leases.next_s == 2.0 + KEPT_S


def test_after_a_longer_pause_the_other_has_all(leases):
    leases.update(BOTH, 0.0)
    leases.update(A, 1.0)

    assert leases.next_s is not None
    assert leases.update(A, leases.next_s) == {"a": LeaseCores()}
    assert leases.next_s is None


def test_who_comes_back_gets_what_it_had_and_is_told_nothing(leases):
    leases.update(BOTH, 0.0)
    leases.update(A, 1.0)
    leases.update(A, 2.0)

    assert list(leases.update(BOTH, 3.0)) == ["a"]


def test_who_comes_back_alone_has_all_at_once(leases):
    leases.update(BOTH, 0.0)
    leases.update({}, 1.0)

    assert leases.update(B, 2.0) == {"b": LeaseCores()}


def test_two_that_take_turns_share_while_they_do(leases):
    leases.update(A, 0.0)

    sent = leases.update(B, 0.1)

    assert set(sent) == {"a", "b"}
    assert leases.next_s == 0.1 + KEPT_S


def test_a_new_process_is_told_again(leases):
    leases.update(BOTH, 0.0)
    had = leases.cores_of("b")

    leases.forget("b")

    assert leases.cores_of("b") == (0, 1)
    assert leases.update(A, 1.0) == {"a": LeaseCores()}
    assert set(leases.update(BOTH, 2.0)) == {"a", "b"}
    assert len(had) == 1


def test_engines_of_few_threads_leave_cores_to_others():
    leases = CoreLeases(tuple((n,) for n in range(4)))

    sent = leases.update({"a": Demand(1), "b": ANY}, 0.0)

    assert sent["a"] == LeaseCores((0,))
    assert sent["b"] == LeaseCores((1, 2, 3))


def test_a_lone_engine_computes_with_fewer_threads_beside_others_wherever_they_find_room():
    leases = CoreLeases(tuple((n,) for n in range(4)))
    leases.n_reserved = 3

    assert leases.update(A, 0.0) == {"a": LeaseCores((), 1)}
    assert leases.update(A, 1.0) == {}

    leases.n_reserved = 0
    assert leases.update(A, 2.0) == {"a": LeaseCores()}


def test_several_engines_leave_cores_to_other_programs_as_long_as_each_has_one():
    leases = CoreLeases(tuple((n,) for n in range(4)))
    leases.n_reserved = 2

    told = leases.update(BOTH, 0.0)

    assert [len(lease.cpus) for lease in told.values()] == [1, 1]
    leases.n_reserved = 3
    assert leases.update(BOTH, 1.0) == {}


def test_one_that_is_left_alone_beside_other_programs_is_bound_no_more(leases):
    leases.update(BOTH, 0.0)
    leases.n_reserved = 1
    leases.update(A, 1.0)

    assert leases.update(A, leases.next_s) == {"a": LeaseCores((), 1)}
