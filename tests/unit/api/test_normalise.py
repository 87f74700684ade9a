"""Norms of vectors, against their definition in exact numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.api.embedding.normalise import normalised

numbers = st.floats(-1e3, 1e3, width=32).filter(lambda x: x == 0 or abs(x) > 1e-3)


def array(*rows):
    return np.array(rows, np.float32)


def test_minus_one_leaves_vectors_as_they_are():
    assert normalised(array([3, 4], [0, 0]), -1).tolist() == [[3, 4], [0, 0]]


def test_zero_fills_the_range_of_sixteen_bits():
    assert normalised(array([-0.5, 0.25]), 0).tolist() == [[-32760, 16380]]


@pytest.mark.parametrize("norm", [0, 1, 2, 3, 1000])
def test_a_vector_of_zeros_stays(norm):
    assert normalised(array([0, 0]), norm).tolist() == [[0, 0]]


@given(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=1, max_size=4), st.integers(1, 12))
def test_every_row_has_length_one_in_its_own_norm(rows, norm):
    found = normalised(array(*rows), norm).astype(np.float64)

    lengths = (np.abs(found) ** norm).sum(axis=1) ** (1 / norm)
    expected = [float(any(row)) for row in rows]
    assert lengths == pytest.approx(expected, abs=1e-5)
    assert (np.sign(found) * np.sign(array(*rows)) >= 0).all()


def test_high_powers_do_not_overflow():
    assert normalised(array([1e30, 1e30]), 2**31 - 1) == pytest.approx(1, abs=1e-6)
