"""Prompts with one beginning that arrive together compute it once."""

from __future__ import annotations

import pytest

from corral.core.errors import InternalError
from corral.core.messages import Stepped
from corral.engine.fake import FakeBehaviour

SYSTEM = "s" * 200


@pytest.fixture
def crowd(make_bench):
    return make_bench(n_parallel=8, n_ctx=8 * 512, n_batch=64)


def together(bench, n, prompt=SYSTEM, **fields):
    for i in range(n):
        bench.submit(request_id=f"r{i}", prompt=[f"{prompt}{i}"], **{"max_tokens": 4, **fields})


def n_prefilled(bench):
    return sum(event.stats.n_prefill for event in bench.events if isinstance(event, Stepped))


def n_cached(bench):
    return [start.n_cached for start in bench.starts()]


def test_one_beginning_is_computed_once(crowd):
    together(crowd, 8)

    crowd.run()

    assert n_cached(crowd) == [0] + [200] * 7
    assert n_prefilled(crowd) == 201 + 7


def test_the_texts_are_those_of_each_alone(crowd, make_bench):
    together(crowd, 8)
    crowd.run()

    for i in range(8):
        alone = make_bench(n_ctx=1024)
        alone.submit(prompt=[f"{SYSTEM}{i}"], max_tokens=4)
        assert crowd.text(f"r{i}") == alone.run().text()


def test_who_comes_while_it_is_under_way_waits_for_it_too(crowd):
    together(crowd, 1)
    crowd.step()
    crowd.submit(request_id="late", prompt=[SYSTEM + "x"], max_tokens=4)

    crowd.run()

    assert n_cached(crowd) == [0, 200]


def test_who_shares_less_than_is_worth_waiting_for_goes_at_once(crowd):
    crowd.submit(prompt=[SYSTEM], max_tokens=4)
    crowd.step()
    crowd.submit(request_id="b", prompt=["s" * 60 + "other"], max_tokens=4)

    crowd.step()

    assert [start.request_id for start in crowd.starts()] == ["a", "b"]


def test_who_shares_nothing_is_not_held_up_by_those_who_wait(crowd):
    together(crowd, 3)
    crowd.submit(request_id="other", prompt=["quite another prompt"], max_tokens=4)

    crowd.step()

    assert [start.request_id for start in crowd.starts()] == ["r0", "other"]


def test_a_fork_happens_as_soon_as_what_is_shared_is_there(crowd):
    crowd.submit(prompt=[SYSTEM + "y" * 300], max_tokens=4)
    crowd.submit(request_id="b", prompt=[SYSTEM + "z"], max_tokens=4)
    while not crowd.text("b"):
        crowd.step()

    assert not crowd.text("a")
    assert n_cached(crowd) == [0, 200]


def test_a_leader_that_is_cancelled_hands_over(crowd):
    together(crowd, 4)
    crowd.step()
    crowd.step()
    crowd.events += crowd.scheduler.cancel("r0")

    crowd.run()

    assert n_cached(crowd)[1] == 128
    assert n_cached(crowd)[2:] == [200, 200]
    assert n_prefilled(crowd) == 201 + 3 - 1


def test_a_leader_whose_step_fails_does_not_take_the_others_along(make_bench):
    bench = make_bench(n_parallel=4, n_ctx=4 * 512, n_batch=64)
    together(bench, 3)
    bench.step()
    bench.events += bench.scheduler.fail_all(InternalError("a step failed"))

    bench.run()

    assert [bench.n_finished(f"r{i}") for i in range(3)] == [0, 1, 1]


def test_callers_do_not_wait_for_each_other(crowd):
    crowd.submit(prompt=[SYSTEM], max_tokens=4, caller="x")
    crowd.submit(request_id="b", prompt=[SYSTEM], max_tokens=4, caller="y")

    crowd.step()

    assert len(crowd.starts()) == 2
    assert n_cached(crowd) == [0, 0]


def test_what_is_public_is_computed_once_for_all_callers(crowd):
    crowd.intake.standing.set_system_prompt("p" * 150)
    for name in "xyz":
        crowd.submit(request_id=name, prompt=["hello"], max_tokens=4, caller=name)

    crowd.run()

    assert n_prefilled(crowd) == 151 + 3 * 5


@pytest.mark.parametrize("fields", [{"is_cache_wanted": False}, {"slot": 1}])
def test_who_wants_nothing_of_others_waits_for_nobody(crowd, fields):
    crowd.submit(prompt=[SYSTEM + "a"], max_tokens=4)
    crowd.submit(request_id="b", prompt=[SYSTEM + "b"], max_tokens=4, **fields)

    crowd.step()

    assert len(crowd.starts()) == 2


def test_more_clients_than_sequences_compute_it_once_too(make_bench):
    bench = make_bench(n_parallel=3, n_ctx=3 * 512, n_batch=64)
    together(bench, 10)

    bench.run()

    assert n_prefilled(bench) == 201 + 9


def test_memory_that_cannot_be_forked_in_the_middle_makes_nobody_wait(make_bench):
    bench = make_bench(FakeBehaviour(is_trimmable=0), n_parallel=4, n_ctx=4 * 512, n_batch=64)
    together(bench, 3)

    bench.step()

    assert len(bench.starts()) == 3


def test_nobody_waits_to_be_held_back_while_others_generate(make_bench):
    bench = make_bench(n_parallel=4, n_ctx=4 * 512, n_batch=64, is_batching_continuous=False)
    together(bench, 3, max_tokens=100)

    bench.step()

    assert len(bench.starts()) == 3


def test_who_waits_for_one_that_is_gone_looks_for_another(crowd):
    crowd.submit(prompt=[SYSTEM + "y" * 300], max_tokens=4)
    crowd.submit(request_id="b", prompt=["s" * 100 + "z" * 200], max_tokens=4, is_cache_wanted=False)
    crowd.step()
    crowd.submit(request_id="c", prompt=[SYSTEM], max_tokens=4)
    crowd.step()
    crowd.events += crowd.scheduler.cancel("a")

    crowd.run()

    assert n_cached(crowd)[2] >= 100
    assert crowd.n_finished("c") == 1
