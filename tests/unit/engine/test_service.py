"""Whose turn it is: callers share the engine, and one that floods holds nobody up."""

from __future__ import annotations

import pytest

from corral.core.messages import Finished


@pytest.fixture
def four(make_bench):
    return make_bench(n_parallel=4, n_ctx=4 * 256, n_batch=64)


@pytest.fixture
def lone(make_bench):
    return make_bench(n_parallel=1, n_ctx=512)


def started(bench):
    return [start.request_id for start in bench.starts()]


def submit(bench, *names, **fields):
    for name in names:
        usual = {"prompt": [name * 10], "max_tokens": 3, "caller": name[0]}
        bench.submit(request_id=name, **{**usual, **fields})


def test_of_one_caller_the_first_goes_first(lone):
    submit(lone, "a1", "a2", "a3")

    assert started(lone.run()) == ["a1", "a2", "a3"]


def test_callers_take_turns(lone):
    submit(lone, "a1", "a2", "a3", "b1", "b2")

    assert started(lone.run()) == ["a1", "b1", "a2", "b2", "a3"]


def test_who_is_served_much_waits_for_who_is_not(lone):
    submit(lone, "b0", "a1", max_tokens=1)
    submit(lone, "a2", max_tokens=100)
    submit(lone, "a3")
    submit(lone, "b1", "b2", "b3")

    assert started(lone.run())[2:] == ["a2", "b1", "b2", "b3", "a3"]


def test_a_caller_of_double_weight_has_double_turns(lone):
    submit(lone, "b1")
    lone.run()
    submit(lone, *(f"a{i}" for i in range(8)))
    submit(lone, *(f"b{i}" for i in range(2, 9)), weight=2.0)

    order = started(lone.run())[1:10]

    assert sum(name[0] == "b" for name in order) == 6


def test_higher_priorities_go_first_whoever_sent_them(lone):
    submit(lone, "a1", "a2")
    submit(lone, "b1", priority=1)

    assert started(lone.run()) == ["b1", "a1", "a2"]


def test_nobody_saves_up_while_away(lone):
    submit(lone, "b1")
    submit(lone, *(f"a{i}" for i in range(10)))
    lone.run()
    submit(lone, "a20", "a21", "a22", "b20", "b21", "b22")

    order = [name[0] for name in started(lone.run())[11:]]

    assert order[:2] in (["a", "b"], ["b", "a"])
    assert order[2:4] in (["a", "b"], ["b", "a"])


def test_one_sequence_stays_free_for_others_who_are_about(four):
    submit(four, "b1")
    four.run()
    submit(four, *(f"a{i}" for i in range(8)), max_tokens=100)
    four.step()

    assert len(four.scheduler.roster.running) == 3

    submit(four, "b2")
    four.step()

    assert started(four)[-1] == "b2"


def test_none_stays_free_for_who_was_away_for_a_minute(make_bench):
    two = make_bench(n_parallel=2)
    submit(two, "b1")
    two.run()
    submit(two, *(f"a{i}" for i in range(6)), max_tokens=100)
    two.step()
    n_before = len(two.scheduler.roster.running)

    two.clock.pass_by(61)
    two.step()

    assert (n_before, len(two.scheduler.roster.running)) == (1, 2)


def test_a_flood_that_waits_for_long_is_competition_for_who_comes_then(lone):
    submit(lone, *(f"a{i}" for i in range(5)))
    lone.step()
    lone.clock.pass_by(120)
    lone.step()

    submit(lone, "b1")

    assert started(lone.run())[:3] == ["a0", "b1", "a1"]


def test_who_is_away_for_a_moment_still_owes(lone):
    submit(lone, "b0")
    lone.run()
    submit(lone, "a1", prompt=["a" * 60])
    submit(lone, *(f"b{i}" for i in range(1, 6)))
    while not lone.n_finished("a1"):
        lone.step()
    lone.step()

    submit(lone, "a2")

    assert started(lone.run()) == ["b0", "a1", "b1", "b2", "b3", "a2", "b4", "b5"]


def test_what_was_served_while_nobody_waited_is_hardly_owed(four):
    submit(four, "b1", max_tokens=200)
    for number in range(5):
        submit(four, f"a{number}", prompt=[f"a{number}" * 100])
        while not four.n_finished(f"a{number}"):
            four.step()

    submit(four, *(f"c{number}" for number in range(20)), "a5")

    assert started(four.run()).index("a5") < 20


def test_a_caller_who_is_alone_has_all(four):
    submit(four, *(f"a{i}" for i in range(8)), max_tokens=100)
    four.step()

    assert len(four.scheduler.roster.running) == 4


def test_a_request_that_needs_all_sequences_has_them(four):
    submit(four, "b1")
    four.run()
    four.submit(prompt=["x"], n=4, max_tokens=5, caller="a")
    submit(four, "c1")

    four.run()

    assert {Finished(name) for name in ("a", "c1")} <= set(
        filter(lambda e: isinstance(e, Finished), four.events)
    )


def test_a_lone_sequence_is_everybodys(lone):
    submit(lone, "b1", "a1", "b2", "a2")

    lone.run()

    assert all(lone.n_finished(name) for name in ("a1", "a2", "b1", "b2"))
