from __future__ import annotations

import numpy as np

from corral.engine.prefixes import Space
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.host import HostTier


def blob(text, n_bytes=100, space=None):
    return Blob(space or Space(), ids(text), np.zeros(n_bytes, np.uint8))


def ids(text):
    return np.array(list(text.encode()), np.int32)


def texts(blobs):
    return [bytes(blob.tokens.astype(np.uint8)).decode() for blob in blobs]


def test_the_least_recently_used_goes_first():
    tier = HostTier(3 * 104)
    for text in "abc":
        tier.put(blob(text))
    tier.take(tier.match(Space(), ids("a")).holders)

    assert texts(tier.put(blob("d"))) == ["b"]


def test_what_costs_more_to_recompute_for_its_size_stays_longer():
    tier = HostTier(1000)
    tier.put(blob("x" * 50, 300))
    tier.put(blob("y", 300))

    assert texts(tier.put(blob("z" * 10, 300))) == ["y"]


def test_what_is_not_used_goes_at_last_however_dear_it_was():
    tier = HostTier(1000)
    tier.put(blob("x" * 50, 300))

    gone = [text for i in range(200) for text in texts(tier.put(blob("y" * 10 + str(i), 300)))]

    assert "x" * 50 in gone


def test_a_longer_prefix_takes_the_place_of_what_it_covers():
    tier = HostTier(1000)
    tier.put(blob("hello"))

    assert tier.put(blob("hello world")) == []
    assert len(tier) == 1


def test_a_model_that_cannot_be_cut_keeps_both():
    tier = HostTier(1000, is_trimmable=False)
    tier.put(blob("hello"))
    tier.put(blob("hello world"))

    assert tier.match(Space(), ids("hello you")).n_tokens == 5
    assert len(tier) == 2


def test_another_caller_finds_nothing():
    tier = HostTier(1000)
    tier.put(blob("hello", space=Space("x")))

    assert tier.match(Space("y"), ids("hello")).n_tokens == 0


def test_what_is_public_is_found_by_all():
    tier = HostTier(1000)
    tier.put(blob("system and more", space=Space("x", (), 6)))

    assert tier.match(Space("y", (), 6), ids("system and more")).n_tokens == 6


def test_what_does_not_fit_is_handed_back():
    tier, large = HostTier(50), blob("hello")

    assert tier.put(large) == [large]
    assert tier.n_bytes == 0
