"""Small pure parts of the wire: UTF-8 borders, numbers, error messages."""

import math

import pytest

from corral.api.generation.numbers import FLOAT32_MAX, clamped, float32, ratio
from corral.api.generation.probabilities import is_cut
from corral.core.errors import InvalidRequestError


@pytest.mark.parametrize("text", ["a", "é", "水", "😀", "aé", "x😀"])
def test_every_proper_prefix_of_a_character_is_cut(text):
    whole = text.encode()
    last = text[-1].encode()

    assert not is_cut(whole)
    for n_missing in range(1, len(last)):
        assert is_cut(whole[:-n_missing])


@pytest.mark.parametrize("tail", [b"", b"\xff", b"\x80\x80\x80\x80", b"\xc3\xa9\x80"])
def test_bytes_that_are_no_utf8_do_not_wait_for_more_for_ever(tail):
    assert is_cut(tail) is (tail == b"\xff")


@pytest.mark.parametrize(
    ("value", "nearest"),
    [(0.8, 0.800000011920929), (1.0, 1.0), (1e300, FLOAT32_MAX), (-math.inf, -FLOAT32_MAX), (1e-300, 0.0)],
)
def test_float32(value, nearest):
    assert float32(value) == nearest


def test_a_ratio_of_nothing_is_zero():
    assert ratio(5, 0) == 0.0


def test_whole_numbers_may_be_written_with_a_point_but_not_with_a_fraction():
    assert clamped("x", 40.0, 0) == 40
    with pytest.raises(InvalidRequestError, match="'x'"):
        clamped("x", 40.5, 0)
