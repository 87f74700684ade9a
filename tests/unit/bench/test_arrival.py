from __future__ import annotations

import itertools

import pytest

from corral.bench.arrival import Arrivals, _exponential_gaps, arrival_times
from corral.bench.errors import BenchError


def test_arrivals_repeat_by_seed_and_keep_to_their_time() -> None:
    arrivals = Arrivals(rate=5.0, duration_s=20.0)

    times = arrival_times(arrivals, "a")

    assert times == arrival_times(arrivals, "a")
    assert times != arrival_times(arrivals, "b")
    assert times == sorted(times)
    assert 0 < times[0] <= times[-1] <= 20.0


def test_poisson_arrivals_have_their_rate_and_the_spread_of_chance() -> None:
    times = arrival_times(Arrivals(rate=10.0, duration_s=1000.0), "a")
    gaps = [later - earlier for earlier, later in itertools.pairwise([0.0, *times])]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)

    assert mean == pytest.approx(0.1, rel=0.05)
    # The deviation of exponential gaps is their mean.
    assert variance**0.5 == pytest.approx(mean, rel=0.05)


def test_even_arrivals_come_at_equal_gaps() -> None:
    assert arrival_times(Arrivals(2.0, 2.0, is_poisson=False), "a") == [0.5, 1.0, 1.5, 2.0]


def test_a_time_too_short_for_one_request_is_an_error() -> None:
    with pytest.raises(BenchError, match=r"Less than one request arrives at 0\.5 a second within 1 s"):
        arrival_times(Arrivals(0.5, 1.0, is_poisson=False), "a")


def test_where_chance_would_have_none_come_one_comes_at_any_time() -> None:
    rate, duration_s = 0.02, 60.0
    empty = [seed for seed in map(str, range(200)) if next(_exponential_gaps(rate, seed)) > duration_s]

    rounds = [arrival_times(Arrivals(rate, duration_s), seed) for seed in empty]

    assert [len(times) for times in rounds] == [1] * len(empty)
    assert 0 <= min(rounds)[0] < 10.0
    assert 50.0 < max(rounds)[0] <= duration_s
