"""The host tier against a plain list: any thousand operations."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.engine.prefixes import Space
from corral.engine.radix import common_length
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.host import HostTier

tokens = st.lists(st.integers(0, 2), min_size=1, max_size=12).map(lambda ids: np.array(ids, np.int32))
space = st.builds(
    Space, st.sampled_from(["", "x"]), st.sampled_from([(), ((0, 1.0),)]), st.sampled_from([0, 3])
)
names = st.sampled_from(["put", "put", "match", "take", "thin", "remove"])
operation = st.tuples(names, space, tokens, st.integers(1, 200))


def longest(blobs, space, wanted, *, is_trimmable):
    """Return how much of `wanted` the blobs give, by looking at each."""
    best = 0
    for blob in blobs:
        n = common_length(blob.tokens, wanted)
        if not is_trimmable:
            n = n if n == len(blob.tokens) else 0
        if blob.space.key == space.key:
            best = max(best, n)
        elif blob.space.loras == space.loras and is_trimmable:
            best = max(best, min(n, blob.space.n_public, space.n_public))
    return best


def is_covered(blob, other, *, is_trimmable):
    """Whether `other` gives all that `blob` gives, to the same readers."""
    n = len(blob.tokens)
    if blob.space != other.space or common_length(blob.tokens, other.tokens[:n]) < n:
        return False
    return is_trimmable or n == len(other.tokens)


def beginnings(blobs, space, wanted):
    """Return the blobs of this caller and adapters that hold no more than a beginning of `wanted`."""
    own = [blob for blob in blobs if blob.space.key == space.key]
    return [blob for blob in own if common_length(blob.tokens, wanted) == len(blob.tokens)]


@settings(deadline=None, max_examples=60)
@given(st.lists(operation, max_size=200), st.one_of(st.none(), st.integers(0, 1500)), st.booleans())
def test_the_tier_holds_what_a_list_would(operations, budget, is_trimmable):
    tier, held = HostTier(budget, is_trimmable=is_trimmable), []

    for name, where, wanted, n_bytes in operations:
        if name == "put":
            blob = Blob(where, wanted, np.zeros(n_bytes, np.uint8))
            gone = tier.put(blob)
            if blob not in gone:
                held = [other for other in held if not is_covered(other, blob, is_trimmable=is_trimmable)]
            held = [other for other in [*held, blob] if other not in gone]
        found = tier.match(where, wanted)
        assert found.n_tokens == longest(held, where, wanted, is_trimmable=is_trimmable)
        assert bool(found.holders) == bool(found.n_tokens)
        if name == "take" and found.n_tokens:
            blob = tier.take(found.holders)
            assert blob in held
            assert common_length(blob.tokens, wanted) >= found.n_tokens
        if name == "thin":
            along = beginnings(held, where, wanted)
            tier.thin(where, wanted, n_bytes % 4)
            left = [blob for blob in along if any(blob is one for one in tier._blobs.values())]
            assert len(left) == min(len(along), n_bytes % 4)
            held = [blob for blob in held if blob not in along or blob in left]
        if name == "remove" and held:
            tier.remove(held.pop(n_bytes % len(held)))
        tier.check()
        assert len(tier) == len(held)

    assert set(map(id, tier.clear())) == set(map(id, held))
    assert (len(tier), tier.n_bytes) == (0, 0)
