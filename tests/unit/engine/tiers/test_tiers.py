"""Host memory with a disk behind it: what is read, and what need not be."""

from __future__ import annotations

import numpy as np
import pytest

from corral.engine import slot_file
from corral.engine.prefixes import Space
from corral.engine.slot_file import Taker
from corral.engine.tiers.blob import Blob
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
    found = tiers.find(space, tokens, n_held)
    if found is None:
        return None
    tiers.read(found, arrived.append)
    tiers._disk.flush()
    return arrived[0]


def test_what_host_memory_cannot_hold_is_not_read(make_tiers):
    assert fetched(make_tiers(10_000), Space("x"), CHAT) is not None
    assert fetched(make_tiers(500), Space("x"), CHAT) is None


def test_what_host_memory_cannot_hold_is_not_written_either(make_tiers):
    tiers = make_tiers(1300)
    n_before = tiers.n_bytes

    tiers.keep(Space("y"), CHAT, STATE)
    tiers.keep(Space("y"), np.arange(200, dtype=np.int32), STATE)

    assert not tiers.is_wanted(Space("y"), np.arange(200, dtype=np.int32))
    assert tiers.n_bytes == n_before


def chat(first, n_tokens=100):
    return np.concatenate([[first], CHAT[1:n_tokens]]).astype(np.int32)


def firsts(disk):
    """Return the first tokens of the chats on disk, the one that goes first at the beginning."""
    return [int(disk._trees[file.space].tokens(number)[0]) for number, file in disk._files.items()]


def test_an_engine_that_ends_leaves_what_is_worth_most_and_the_next_start_ranks_it_so(tmp_path):
    tiers = Tiers(HostTier(None), small_disk(tmp_path))
    for first, n_tokens in [(1, 70), (2, 80), (3, 100), (4, 90)]:  # the longer, the dearer to compute again
        tiers.keep(Space(), chat(first, n_tokens), STATE)

    tiers.close()

    assert firsts(small_disk(tmp_path)) == [2, 4, 3]


def test_a_file_of_what_is_worth_much_is_neither_written_again_nor_driven_out_by_what_is_not(
    tmp_path, monkeypatch
):
    before = Tiers(HostTier(None), small_disk(tmp_path))
    before.keep(Space(), chat(1), STATE)
    before.close()
    tiers = Tiers(HostTier(None), small_disk(tmp_path))
    for first in (5, 6):
        tiers._disk.write(Blob(Space(), chat(first), STATE))
    tiers._disk.flush()
    for first, n_tokens in [(1, 100), (2, 90), (3, 80), (4, 70)]:
        tiers.keep(Space(), chat(first, n_tokens), STATE)
    written = []
    true_write = slot_file.write
    monkeypatch.setattr(
        slot_file, "write", lambda path, content, seal: written.append(true_write(path, content, seal))
    )

    tiers.close()

    assert len(written) == 2
    assert firsts(small_disk(tmp_path)) == [3, 2, 1]


def small_disk(folder):
    """Return a disk with room for three chats."""
    return DiskTier(str(folder), 5000, Taker("model", 256, 1024))


def test_what_is_nearly_all_held_already_is_not_read(make_tiers):
    assert fetched(make_tiers(10_000), Space("x"), CHAT, n_held=50) is None


def test_of_memory_that_cannot_be_cut_only_whole_files_are_read(make_tiers):
    tiers = make_tiers(10_000, is_trimmable=False)

    assert fetched(tiers, Space("x"), CHAT[:90]) is None
    assert fetched(tiers, Space("x"), CHAT) is not None


def test_what_lies_behind_a_match_does_not_become_public(make_tiers):
    """Since it was written the server was given a system prompt, and the chat begins like that."""
    system = np.concatenate([CHAT[:70], np.full(30, 7, np.int32)])

    blob = fetched(make_tiers(10_000), Space("x", (), len(system)), system)

    assert blob.space.n_public == 70
