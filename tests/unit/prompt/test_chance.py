"""Choices that repeat."""

from corral.prompt.chance import fraction, number_below


def test_same_purpose_draws_the_same_and_others_draw_evenly():
    drawn = [number_below(10, 0, "lore", n) for n in range(2000)]

    assert drawn == [number_below(10, 0, "lore", n) for n in range(2000)]
    assert all(130 < drawn.count(n) < 270 for n in range(10))


def test_fractions_are_spread_between_nothing_and_one():
    drawn = [fraction(7, n) for n in range(2000)]

    assert 0 <= min(drawn) < 0.01
    assert 0.99 < max(drawn) < 1
    assert 0.45 < sum(drawn) / len(drawn) < 0.55


def test_purposes_that_read_alike_are_told_apart():
    assert fraction(1, "2") != fraction("1", 2)
    assert fraction("a", "b") != fraction("ab")


def test_text_that_is_no_unicode_is_a_purpose_too():
    assert 0 <= fraction("\ud800") < 1
