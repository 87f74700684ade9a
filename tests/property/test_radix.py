"""The radix tree against a dict of plain lists."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from corral.engine.radix import RadixTree

tokens = st.lists(st.integers(0, 3), max_size=8)
operation = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 5), tokens), st.tuples(st.just("remove"), st.integers(0, 5))
)


def common(a, b):
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def ids(items):
    return np.array(items, np.int32)


@given(st.lists(operation, max_size=30), tokens)
def test_match_is_the_longest_prefix_that_any_holder_has(operations, prompt):
    tree, reference = RadixTree(), {}
    for name, holder, *rest in operations:
        if name == "put":
            tree.put(holder, ids(rest[0]))
            reference[holder] = rest[0]
        else:
            tree.remove(holder)
            reference.pop(holder, None)

    match = tree.match(ids(prompt))

    longest = max((common(held, prompt) for held in reference.values()), default=0)
    assert match.n_tokens == longest
    expected = {h for h, held in reference.items() if longest and common(held, prompt) == longest}
    assert match.holders == expected
    assert {h: tree.tokens(h).tolist() for h in reference if reference[h]} == {
        h: held for h, held in reference.items() if held
    }
    assert tree.is_empty == (not reference)


@given(st.lists(st.tuples(st.integers(0, 5), tokens), max_size=20))
def test_nothing_is_left_when_all_are_gone(puts):
    tree = RadixTree()
    for holder, held in puts:
        tree.put(holder, ids(held))
    for holder in range(6):
        tree.remove(holder)

    assert tree.is_empty
    assert not tree._root.children
