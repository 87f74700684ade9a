"""How far two lists of tokens agree."""

from __future__ import annotations

from collections.abc import Sequence as Items


def n_common(one: Items[int], other: Items[int], n_known: int = 0) -> int:
    """Return how many first tokens are equal; the first `n_known` of them are known to be."""
    n_most = min(len(one), len(other))
    return next((i for i in range(n_known, n_most) if one[i] != other[i]), n_most)
