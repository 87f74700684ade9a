from __future__ import annotations

import pytest

from corral.bench.scenario import Scenario
from corral.bench.tune.choice import Surety, Trial, choose, rivals
from corral.bench.tune.coordinate import Coordinate, Limit

LOAD = (Scenario("load", 1, 8, 8),)
FASTER = Coordinate("threads", ({}, {"-t": "1"}), LOAD, "throughput_tok_s")
SOONER = Coordinate("bound", ({},), LOAD, "ttft_p50_s", limit=Limit(0, "gap_p95_s", 0.2))


def trial(name: str, *values: float, limited: tuple[float, ...] = ()) -> Trial:
    return Trial({"-t": name} if name else {}, values=values, limited=limited)


@pytest.mark.parametrize(
    ("trials", "taken", "surety"),
    [
        ([trial("", 100, 102), trial("1", 150, 152)], 1, Surety.CLEAR),
        ([trial("", 100, 140), trial("1", 139, 150)], 1, Surety.LIKELY),
        ([trial("", 100, 102), trial("1", 102, 104)], 0, Surety.NO_GAIN),
        ([trial("", 100, 102), trial("1", 50, 52)], 0, Surety.NO_GAIN),
        ([trial("", 100, 102)], 0, Surety.ALONE),
        ([Trial({}, failure="no memory"), trial("1", 50, 52)], 1, Surety.ALONE),
        ([trial("", 50, 51), trial("1", 99, 100), trial("2", 101, 102)], 1, Surety.CLEAR),
    ],
)
def test_the_first_that_is_as_good_as_the_best_is_taken(trials, taken: int, surety: Surety) -> None:
    choice = choose(FASTER, trials)

    assert choice is not None
    assert choice.trial is trials[taken]
    assert choice.surety is surety


def test_of_latencies_the_lower_is_better() -> None:
    trials = [trial("", 2.0, 2.1, limited=(0.1, 0.1)), trial("1", 1.0, 1.1, limited=(0.1, 0.1))]

    assert choose(SOONER, trials).trial is trials[1]


def test_what_misses_the_limit_is_not_taken_however_good() -> None:
    trials = [trial("", 2.0, 2.1, limited=(0.1, 0.1)), trial("1", 1.0, 1.1, limited=(0.3, 0.3))]

    choice = choose(SOONER, trials)

    assert (choice.trial, choice.surety) == (trials[0], Surety.ALONE)


def test_where_all_miss_the_limit_the_nearest_is_taken_and_told() -> None:
    trials = [trial("", 2.0, limited=(0.5,)), trial("1", 9.0, limited=(0.3,))]

    choice = choose(SOONER, trials)

    assert (choice.trial, choice.surety) == (trials[1], Surety.LIMIT_MISSED)


def test_a_bound_of_which_nothing_was_measured_is_not_kept() -> None:
    trials = [trial("", 1.0, 1.1), trial("1", 2.0, 2.1, limited=(0.1, 0.1))]

    choice = choose(SOONER, trials)

    assert (choice.trial, choice.surety) == (trials[1], Surety.ALONE)


def test_nothing_measured_is_no_choice() -> None:
    assert choose(FASTER, [Trial({}, failure="no memory")]) is None


def test_the_best_preferred_and_the_taken_are_measured_again() -> None:
    trials = [trial("", 50, 51), trial("1", 60, 61), trial("2", 100, 102)]

    assert rivals(FASTER, trials) == [trials[1], trials[2]]
    assert rivals(FASTER, trials[:1]) == []
    assert rivals(FASTER, []) == []
