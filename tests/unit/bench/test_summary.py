from __future__ import annotations

import pytest

from corral.bench.summary import Ratio, Spread, median, percentile, ratio, spread


@pytest.mark.parametrize(("percent", "expected"), [(50, 5), (95, 10), (100, 10), (1, 1), (90, 9)])
def test_percentile_is_the_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == expected


def test_nothing_has_neither_median_nor_percentile_nor_spread() -> None:
    assert median([]) is None
    assert percentile([], 50) is None
    assert spread([]) is None


def test_spread_names_middle_and_ends() -> None:
    assert spread([3, 1, 8]) == Spread(median=3, low=1, high=8)


def test_ratio_compares_medians_and_each_round_with_itself() -> None:
    assert ratio([10, 20, 60], [10, 10, 20]) == Ratio(of_medians=2, pairwise=Spread(2, 1, 3))


def test_ratio_to_zero_does_not_exist() -> None:
    assert ratio([1, 2], [1, 0]) is None
    assert ratio([], []) is None
