"""How far two lists of tokens agree."""

from __future__ import annotations

import pytest

from corral.engine.agreement import n_common


@pytest.mark.parametrize(
    ("one", "other", "n"),
    [
        ([], [1], 0),
        ([1, 2, 3], [1, 2, 4], 2),
        ([1, 2], [1, 2, 3], 2),
        ([2, 1], [1, 1], 0),
        ([1, 2], [1, 2], 2),
    ],
)
def test_the_first_tokens_that_are_equal_are_counted(one, other, n):
    assert n_common(one, other) == n_common(other, one) == n


def test_what_is_known_to_agree_is_not_compared_again():
    assert n_common([7, 2, 3], [1, 2, 4], 1) == 2
    assert n_common([1, 2], [1], 2) == 1
