from __future__ import annotations

import numpy as np

from corral.engine.prefixes import PrefixIndex, Space


def tokens(text):
    return np.array(list(text.encode()), np.int32)


def test_a_caller_finds_only_what_is_its_own():
    index = PrefixIndex()
    index.put(0, Space("ann"), tokens("hello there"))

    assert index.match(Space("ann"), tokens("hello you")).n_tokens == 6
    assert index.match(Space("bob"), tokens("hello you")).n_tokens == 0


def test_everybody_finds_what_is_public_and_no_more():
    index = PrefixIndex()
    index.put(0, Space("ann", n_public=5), tokens("hello there"))

    match = index.match(Space("bob", n_public=5), tokens("hello there"))

    assert (match.n_tokens, match.holders) == (5, {0})


def test_what_is_public_is_found_only_by_who_begins_with_it():
    index = PrefixIndex()
    index.put(0, Space("ann", n_public=5), tokens("hello there"))

    assert index.match(Space("bob"), tokens("hello there")).n_tokens == 0
    assert index.match(Space("bob", n_public=3), tokens("hello")).n_tokens == 3


def test_ones_own_longer_prefix_is_preferred():
    index = PrefixIndex()
    index.put(0, Space("ann", n_public=2), tokens("hello there"))
    index.put(1, Space("bob", n_public=2), tokens("hello"))

    assert index.match(Space("bob", n_public=2), tokens("hello there")).holders == {1}


def test_other_adapters_find_neither():
    index = PrefixIndex()
    index.put(0, Space("ann", n_public=5), tokens("hello there"))

    assert index.match(Space("ann", ((0, 1.0),), n_public=5), tokens("hello there")).n_tokens == 0


def test_a_holder_that_moves_to_another_space_is_gone_from_the_first():
    index = PrefixIndex()
    index.put(0, Space("ann", n_public=5), tokens("hello there"))
    index.put(0, Space("bob"), tokens("hello"))
    index.check()

    assert index.match(Space("ann", n_public=5), tokens("hello there")).n_tokens == 0
    assert index.tokens(0).tolist() == tokens("hello").tolist()


def test_no_tokens_means_not_registered():
    index = PrefixIndex()
    index.put(0, Space(), tokens("hello"))
    index.put(0, Space(), tokens(""))
    index.check()

    assert index.space(0) is None


def test_one_holder_alone_is_asked_for_its_own_and_all_for_what_is_public():
    index = PrefixIndex()
    index.put(0, Space("ann", n_public=2), tokens("hello there"))
    index.put(1, Space("ann", n_public=2), tokens("hell"))
    index.put(2, Space("bob", n_public=2), tokens("hello there"))

    def match(only):
        return index.match(Space("ann", n_public=2), tokens("hello there"), only=only)

    assert (match(1).n_tokens, match(1).holders) == (4, {1})
    assert match(2).n_tokens == match(3).n_tokens == 2
    assert match(None).holders == {0}
