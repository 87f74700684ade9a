"""Host memory with a disk behind it: what is read, and what need not be."""

from __future__ import annotations

import shutil
from unittest.mock import Mock

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


def parking(folder, model="model", budget=5000):
    """Return a place for three chats that models share."""
    return DiskTier(str(folder), budget, Taker(model, 256, 1024), is_parking=True)


def leave(folder, *chats, model="a" * 32):
    """Have an engine hold these chats and end."""
    tiers = Tiers(HostTier(None), parking(folder, model))
    for first, n_tokens in chats:
        tiers.keep(Space(), chat(first, n_tokens), STATE)
    tiers.close()


def n_parked(folder):
    return len(list(folder.rglob("*.kv")))


def test_what_an_unloaded_engine_parks_the_next_one_finds_once(tmp_path):
    leave(tmp_path, (1, 100))
    tiers = Tiers(HostTier(None), parking(tmp_path, "a" * 32))

    blob = fetched(tiers, Space(), chat(1))
    tiers.arrived(blob)

    assert (blob.tokens == chat(1)).all()
    assert n_parked(tmp_path) == 0
    assert tiers.find(Space(), chat(1), 0) is None
    assert tiers.match(Space(), chat(1)).n_tokens == 100

    tiers.close()

    assert n_parked(tmp_path) == 1


def test_nothing_is_parked_while_the_engine_runs(tmp_path):
    tiers = Tiers(HostTier(1500), parking(tmp_path))

    for first in (1, 2, 3):
        tiers.keep(Space(), chat(first), STATE)
    tiers._disk.flush()

    assert n_parked(tmp_path) == 0
    tiers.close()


def test_models_that_take_turns_do_not_push_each_other_out(tmp_path):
    leave(tmp_path, (1, 90), (2, 100), model="a" * 32)
    leave(tmp_path, (3, 90), (4, 100), model="b" * 32)

    assert firsts(parking(tmp_path, "a" * 32)) == [2]
    assert firsts(parking(tmp_path, "b" * 32)) == [4]


def test_what_was_parked_longest_ago_makes_room_for_other_models(tmp_path):
    for model in "abcd":
        leave(tmp_path, (1, 100), model=model * 32)

    assert sorted(path.name[0] for path in tmp_path.iterdir() if any(path.iterdir())) == ["b", "c", "d"]


def test_a_server_that_ends_takes_its_folder_away_and_engines_leave_nothing(tmp_path, monkeypatch):
    folder = tmp_path / "parked"
    folder.mkdir()
    tiers = Tiers(HostTier(None), parking(folder))
    tiers.keep(Space(), chat(1), STATE)
    shutil.rmtree(folder)
    monkeypatch.setattr(slot_file, "write", lambda *_: pytest.fail("nobody reads it"))

    assert not tiers.is_worth_leaving(Space(), chat(2))
    tiers.close()

    assert not folder.exists()


def test_a_folder_that_goes_as_an_engine_writes_is_no_fault(tmp_path, monkeypatch):
    log = Mock()
    monkeypatch.setattr("corral.engine.tiers.disk._log", log)
    folder = tmp_path / "parked"
    folder.mkdir()
    disk = parking(folder)
    shutil.rmtree(folder)

    disk.write(Blob(Space(), chat(1), STATE))
    disk.close()

    assert not folder.exists()
    assert log.mock_calls == []
