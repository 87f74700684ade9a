"""Log-probabilities of words become a distribution."""

import math

import pytest

from corral.prompt.emotions.shares import best, shares


def test_shares_are_the_words_probabilities_among_the_listed():
    found = shares(["happy", "sad"], [[math.log(0.3)], [math.log(0.1)]])

    assert found == pytest.approx({"happy": 0.75, "sad": 0.25})
    assert list(found) == ["happy", "sad"]


def test_a_long_word_is_not_worse_for_its_length():
    found = shares(["sad", "very sad"], [[-1.0], [-1.0, -1.0]])

    assert found["sad"] == pytest.approx(found["very sad"])


def test_one_word_has_it_all():
    assert shares(["happy"], [[-90.0]]) == {"happy": 1.0}


@pytest.mark.parametrize("impossible", [[-math.inf], [-1.0, -math.inf], [math.nan], []])
def test_an_impossible_word_has_no_share(impossible: list[float]):
    assert shares(["happy", "sad"], [impossible, [-800.0]]) == {"happy": 0.0, "sad": 1.0}


def test_words_that_are_all_impossible_are_alike():
    assert shares(["happy", "sad"], [[-math.inf], [math.nan]]) == {"happy": 0.5, "sad": 0.5}


def test_best_is_the_largest_share_and_the_first_of_equals():
    assert best({"sad": 0.2, "happy": 0.5, "angry": 0.3}) == "happy"
    assert best({"sad": 0.5, "happy": 0.5}) == "sad"
