"""Host memory with a disk behind it: what is read, and what need not be."""

from __future__ import annotations

import numpy as np
import pytest

from corral.engine.prefixes import Space
from corral.engine.slot_file import Taker
from corral.engine.tiers.disk import DiskTier
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import Tiers

CHAT = np.arange(100, dtype=np.int32)
STATE = np.zeros(1000, np.uint8)


@pytest.fixture
def make_tiers(tmp_path):
    """Return a function that makes tiers over one disk, where a chat of `Space("x")` lies."""
    made = []

    def make(host_bytes, *, is_trimmable=True):
        disk = DiskTier(str(tmp_path), 100_000, Taker("model", 256, 1024), is_trimmable=is_trimmable)
        made.append(Tiers(HostTier(host_bytes, is_trimmable=is_trimmable), disk))
        return made[-1]

    before = make(None)
    before.keep(Space("x"), CHAT, STATE)
    before.close()
    yield make
    for tiers in made:
        tiers.close()


def fetched(tiers, space, tokens, n_held=0):
    """Return what a fetch brought, None where it read nothing."""
    arrived = []
    if not tiers.fetch(space, tokens, n_held, arrived.append):
        return None
    tiers._disk._thread.submit(lambda: None).result()
    return arrived[0]


def test_what_host_memory_cannot_hold_is_not_read(make_tiers):
    assert fetched(make_tiers(10_000), Space("x"), CHAT) is not None
    assert fetched(make_tiers(500), Space("x"), CHAT) is None


def test_what_is_nearly_all_held_already_is_not_read(make_tiers):
    assert fetched(make_tiers(10_000), Space("x"), CHAT, n_held=50) is None


def test_of_memory_that_cannot_be_cut_only_whole_files_are_read(make_tiers):
    tiers = make_tiers(10_000, is_trimmable=False)

    assert fetched(tiers, Space("x"), CHAT[:90]) is None
    assert fetched(tiers, Space("x"), CHAT) is not None


def test_what_lies_behind_a_match_does_not_become_public(make_tiers):
    """Since it was written the server was given a system prompt, and the chat begins like that."""
    system = np.concatenate([CHAT[:70], np.full(30, 7, np.int32)])

    arrival = fetched(make_tiers(10_000), Space("x", (), len(system)), system)

    assert arrival.blob.space.n_public == 70
