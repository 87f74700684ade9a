from __future__ import annotations

from corral.gateway.cores import Demand, shares

FOUR = (0, 1, 2, 3)
ANY = Demand()


def test_a_lone_engine_has_all_cores_also_when_it_has_few_threads():
    assert shares(FOUR, {"a": Demand(1)}) == {"a": FOUR}


def test_two_engines_have_half_each():
    assert shares(FOUR, {"a": ANY, "b": ANY}) == {"a": (0, 1), "b": (2, 3)}


def test_what_one_cannot_use_goes_to_the_other():
    assert shares(FOUR, {"a": Demand(1), "b": ANY}) == {"a": (0,), "b": (1, 2, 3)}


def test_what_nobody_can_use_is_left():
    assert shares(FOUR, {"a": Demand(1), "b": Demand(2)}) == {"a": (0,), "b": (1, 2)}


def test_who_was_there_keeps_the_odd_core():
    assert shares((0, 1, 2), {"a": ANY, "b": ANY}, {"b": (0, 1, 2)}) == {"a": (2,), "b": (0, 1)}


def test_a_newcomer_gets_back_what_only_it_had():
    assert shares(FOUR, {"a": ANY, "b": ANY}, {"a": FOUR, "b": (1, 2)}) == {"a": (0, 3), "b": (1, 2)}


def test_more_engines_than_cores_have_one_each_evenly():
    found = shares((0, 1), dict.fromkeys("abcde", ANY), {"d": (1,), "e": (1,), "c": (1,)})

    assert found == {"a": (0,), "b": (0,), "c": (1,), "d": (1,), "e": (1,)}
