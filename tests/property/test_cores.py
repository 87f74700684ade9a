"""Cores for engines that come and go in any order: nobody without, none shared needlessly, none idle."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from corral.gateway.core_leases import KEPT_S, CoreLeases
from corral.gateway.cores import Demand, shares

NAMES = "abcdefgh"

cores = st.integers(1, 12).map(lambda n: tuple(range(n)))
demand = st.builds(Demand, st.none() | st.integers(1, 14))
demands = st.dictionaries(st.sampled_from(NAMES), demand, min_size=1)
present = st.dictionaries(st.sampled_from(NAMES), st.lists(st.integers(0, 13), max_size=8).map(tuple))
moments = st.lists(st.tuples(st.dictionaries(st.sampled_from(NAMES), demand), st.floats(0.0, 0.5)))


def bound(demand, cores):
    return min(demand.n_threads or len(cores), len(cores))


def n_bearing(found):
    """Count the engines on each core."""
    return Counter(core for own in found.values() for core in own)


@given(cores, demands, present)
def test_everybody_has_a_core_and_only_cores_that_are_there(cores, demands, present):
    found = shares(cores, demands, present)

    assert set(found) == set(demands)
    assert all(own and list(own) == sorted(set(own)) for own in found.values())
    assert set(n_bearing(found)) <= set(cores)


@given(cores, demands, present)
def test_a_core_bears_one_engine_or_as_few_as_can_be(cores, demands, present):
    n_on = n_bearing(shares(cores, demands, present))

    assert max(n_on.values()) == -(-len(demands) // len(cores))


@given(cores, demands, present)
def test_no_core_is_idle_that_somebody_could_use(cores, demands, present):
    found = shares(cores, demands, present)

    is_anybody_short = any(len(own) < bound(demands[name], cores) for name, own in found.items())
    assert set(n_bearing(found)) == set(cores) or not is_anybody_short


@given(cores, demands.filter(lambda demands: len(demands) > 1), present)
def test_nobody_has_more_than_it_can_use_nor_two_more_than_who_wants_another(cores, demands, present):
    found = shares(cores, demands, present)

    assert all(len(own) <= bound(demands[name], cores) for name, own in found.items())
    short = [len(own) for name, own in found.items() if len(own) < bound(demands[name], cores)]
    assert max(map(len, found.values())) <= min(short, default=len(cores)) + 1


@given(cores, demands, present)
def test_what_is_shared_once_stays_so(cores, demands, present):
    found = shares(cores, demands, present)

    assert shares(cores, demands, present) == found
    assert shares(cores, dict(reversed(demands.items())), found) == found


@given(cores, demands.filter(lambda demands: len(demands) > 1), st.data())
def test_who_stays_when_one_leaves_keeps_its_cores(cores, demands, data):
    before = shares(cores, demands)
    leaver = data.draw(st.sampled_from(sorted(demands)))
    staying = {name: demand for name, demand in demands.items() if name != leaver}

    after = shares(cores, staying, before)

    if len(demands) <= len(cores):
        assert all(set(before[name]) <= set(after[name]) for name in staying)


@given(st.integers(1, 6), moments)
def test_busy_engines_never_meet_whatever_the_order(n_cores, moments):
    leases, now_s, told = CoreLeases(tuple((n,) for n in range(n_cores))), 0.0, {}

    for busy, pause_s in moments:
        now_s += pause_s
        told.update({name: command.cpus for name, command in leases.update(busy, now_s).items()})
        held = {name: told.get(name) or tuple(range(n_cores)) for name in busy}
        assert held == {name: leases.cores_of(name) for name in busy}
        if 1 < len(busy) <= n_cores:
            n_on = n_bearing(held)
            n_lingering = len(leases._wanted) - len(busy)
            assert max(n_on.values()) == 1 or n_lingering + len(busy) > n_cores
        assert leases.next_s is None or now_s < leases.next_s <= now_s + KEPT_S


@given(st.integers(1, 6), demands, demands)
def test_when_asked_again_in_time_who_is_left_has_all_that_it_can_use(n_cores, before, after):
    leases = CoreLeases(tuple((n,) for n in range(n_cores)))
    leases.update(before, 0.0)
    leases.update(after, 1.0)

    if leases.next_s is not None:
        leases.update(after, leases.next_s)

    held = {name: leases.cores_of(name) for name in after}
    assert leases.next_s is None
    assert Counter(map(len, held.values())) == Counter(
        map(len, shares(tuple(range(n_cores)), after, held).values())
    )
