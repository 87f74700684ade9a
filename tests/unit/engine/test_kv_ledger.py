from __future__ import annotations

import numpy as np
import pytest

from corral.engine.fake import FakeMemory
from corral.engine.kv import KvLedger, Wish
from corral.engine.prefixes import Space
from corral.engine.slot_file import Taker
from corral.engine.tiers.blob import Blob
from corral.engine.tiers.checkpoints import Checkpoints
from corral.engine.tiers.disk import DiskTier
from corral.engine.tiers.host import HostTier
from corral.engine.tiers.tiers import Tiers


def tokens(text):
    return np.array(list(text.encode()), np.int32)


@pytest.fixture
def memory():
    return FakeMemory(2, is_trimmable=True)


@pytest.fixture
def ledger(memory):
    return KvLedger(memory, 2, is_trimmable=True)


def run(ledger, memory, text, **wish):
    """Lease, compute and release one sequence."""
    space = wish.pop("space", Space())
    placement = ledger.lease(Wish(tokens(text), space, **wish))
    memory.held[placement.seq_id] = list(text.encode())
    ledger.release(placement.seq_id, space, tokens(text))
    ledger.check()
    return placement


def test_content_is_what_is_indexed_and_memory_holds_no_more(ledger, memory):
    slot = run(ledger, memory, "hello").seq_id
    memory.held[slot] += [1, 2, 3]  # as after a context shift: no plain prefix

    space, found = ledger.content(slot)

    assert (space, found.tolist()) == (Space(), list(b"hello"))
    assert memory.held[slot] == list(b"hello")


def test_content_of_an_empty_slot_is_empty_in_memory_too(ledger, memory):
    memory.held[1] = [1, 2, 3]

    assert len(ledger.content(1)[1]) == 0
    assert memory.held[1] == []


def test_an_erased_slot_is_empty_and_the_next_to_go(ledger, memory):
    first, second = (run(ledger, memory, text).seq_id for text in ("hello", "other"))

    assert ledger.erase(second) == 5
    ledger.check()

    assert memory.held[second] == []
    assert run(ledger, memory, "third").seq_id == second
    assert memory.held[first] == list(b"hello")


def test_a_filled_slot_is_found_by_its_space_and_was_used_last(ledger, memory):
    memory.held[0] = list(b"hello")
    ledger.fill(0, Space("ann"), tokens("hello"))
    ledger.check()

    assert run(ledger, memory, "other").seq_id == 1
    assert run(ledger, memory, "hello you", space=Space("ann")).n_cached == 5


def test_similarity_decides_who_gives_up_a_longer_history(ledger, memory):
    """A match of 6 tokens is too short to copy; it covers 0.6 of the slot that has it."""
    slot = run(ledger, memory, "hello you!").seq_id
    run(ledger, memory, "other")
    wish = {"worth_copying": 100}

    assert run(ledger, memory, "hello and", similarity=0.7, **wish).seq_id != slot
    assert run(ledger, memory, "hello you", similarity=0.5, **wish).seq_id == slot


def test_who_asks_for_a_slot_reuses_what_that_one_holds_and_no_other(ledger, memory):
    run(ledger, memory, "hello there", slot=0)
    run(ledger, memory, "hello", slot=1)

    placement = run(ledger, memory, "hello there!", slot=1)

    assert (placement.source, placement.n_cached) == (1, 5)


CHAT_BYTES = 100 * 8  # of a hundred tokens: the fake's state and they


@pytest.fixture
def make_tiered(memory):
    """Return a function from the budget to a ledger of two sequences over host memory, and that."""

    def make(budget, *, is_trimmable=True, checkpoints=None, n_slots=2, disk=None):
        memory._is_trimmable = is_trimmable
        tiers = Tiers(HostTier(budget, is_trimmable=is_trimmable), disk, checkpoints)
        return KvLedger(memory, n_slots, is_trimmable=is_trimmable, tiers=tiers), tiers

    return make


def test_a_rescue_that_drives_out_what_is_wanted_back_does_not_lose_it(make_tiered, memory):
    ledger, tiers = make_tiered(CHAT_BYTES)
    for letter in "abc":
        run(ledger, memory, letter * 100)
    assert tiers.match(Space(), tokens("a" * 100)).n_tokens == 100

    placement = ledger.lease(Wish(tokens("a" * 101)))

    assert placement.n_cached == 100
    assert memory.held[placement.seq_id] == list(b"a" * 100)


@pytest.fixture
def disk(tmp_path):
    tier = DiskTier(str(tmp_path), 10**6, Taker("model", 256, 1024))
    yield tier
    tier.close()


def test_what_two_sequences_hold_alike_is_brought_to_disk_at_the_end(make_tiered, memory, disk):
    ledger, tiers = make_tiered(None, disk=disk)
    wishes = [Wish(tokens("a" * 100), is_cache_wanted=False) for _ in range(2)]
    seq_ids = [ledger.lease(wish).seq_id for wish in wishes]
    for seq_id in seq_ids:
        memory.held[seq_id] = list(b"a" * 100)
        ledger.release(seq_id, Space(), tokens("a" * 100))

    ledger.rescue_idle()
    tiers.close()

    assert disk.match(Space(), tokens("a" * 100)).n_tokens == 100
    assert len(disk) == 1


def test_an_engine_without_a_disk_copies_nothing_as_it_ends(make_tiered, memory, monkeypatch):
    ledger, tiers = make_tiered(None)
    run(ledger, memory, "a" * 100)
    monkeypatch.setattr(type(memory), "state", lambda *_: pytest.fail("it was copied"))

    ledger.rescue_idle()
    tiers.close()

    assert tiers.n_bytes == (0, 0)


def test_what_comes_from_disk_comes_from_host_memory_too_and_counts_once_it_is_in_cells(make_tiered, disk):
    ledger, tiers = make_tiered(None, disk=disk)
    chat = tokens("a" * 100)
    tiers.arrived(Blob(Space(), chat, np.array(chat, np.int32).view(np.uint8)))

    for _ in range(2):
        ledger.release(ledger.lease(Wish(tokens("a" * 101))).seq_id, Space(), tokens(""))

    assert (tiers.counts.n_from_host, tiers.counts.n_from_disk) == (200, 100)


def test_a_state_that_is_refused_is_not_counted(make_tiered, memory, monkeypatch):
    ledger, tiers = make_tiered(None)
    for letter in "abc":
        run(ledger, memory, letter * 100)
    monkeypatch.setattr(type(memory), "set_state", lambda *_: False)

    run(ledger, memory, "a" * 101)

    assert tiers.counts.n_from_host == 0


def test_a_state_that_is_refused_is_not_tried_again(make_tiered, memory, monkeypatch):
    ledger, tiers = make_tiered(None)
    for letter in "abc":
        run(ledger, memory, letter * 100)
    monkeypatch.setattr(type(memory), "set_state", lambda *_: False)

    assert run(ledger, memory, "a" * 101).n_cached == 0
    assert tiers.match(Space(), tokens("a" * 100)).n_tokens == 0


def test_no_memory_to_put_a_state_back_costs_the_reuse_alone(make_tiered, memory, monkeypatch):
    def too_large(*_):
        raise MemoryError

    ledger, tiers = make_tiered(None)
    for letter in "abc":
        run(ledger, memory, letter * 100)
    monkeypatch.setattr(type(memory), "set_state", too_large)

    assert run(ledger, memory, "a" * 101).n_cached == 0
    assert tiers.match(Space(), tokens("a" * 100)).n_tokens == 100


def test_what_never_fits_is_copied_once(make_tiered, memory):
    ledger, tiers = make_tiered(CHAT_BYTES - 1)
    for letter in "abcdef":
        run(ledger, memory, letter * 100)

    assert tiers.n_bytes == (0, 0)
    assert not tiers.is_wanted(Space(), tokens("z" * 100))
    assert tiers.is_wanted(Space(), tokens("z" * 90))


def test_branches_of_a_call_that_scores_are_not_kept(make_tiered, memory):
    ledger, tiers = make_tiered(None)
    base = run(ledger, memory, "a" * 100).seq_id
    branch = run(ledger, memory, "a" * 100 + "b", own=[base]).seq_id

    run(ledger, memory, "a" * 100 + "c", own=[base, branch], n_reusable=50)

    assert tiers.counts.n_kept == 0


def test_long_branches_that_take_turns_in_one_place_are_not_kept(make_tiered, memory):
    ledger, tiers = make_tiered(None, n_slots=1)
    base = run(ledger, memory, "a" * 100).seq_id

    for letter in "bcd":
        assert run(ledger, memory, "a" * 100 + letter * 100, own=[base], n_reusable=100).n_cached == 100

    assert tiers.counts.n_kept == 0


def test_a_branch_keeps_what_somebody_else_left_in_the_place_of_its_base_and_takes_that_from_host_memory(
    make_tiered, memory
):
    ledger, tiers = make_tiered(None, n_slots=1)
    base = run(ledger, memory, "a" * 100).seq_id
    run(ledger, memory, "a" * 30 + "b" * 100)

    branch = run(ledger, memory, "a" * 100 + "c", own=[base], n_reusable=100)

    assert branch.n_cached == 100
    assert tiers.match(Space(), tokens("a" * 30 + "b" * 100)).n_tokens == 130


def test_a_branch_takes_no_more_from_host_memory_than_is_known(make_tiered, memory):
    ledger, _ = make_tiered(None, n_slots=1)
    base = run(ledger, memory, "a" * 100 + "c").seq_id
    run(ledger, memory, "b" * 100)

    assert run(ledger, memory, "a" * 100 + "cd", own=[base], n_reusable=100).n_cached == 100


def test_memory_that_cannot_be_cut_keeps_what_goes_on(make_tiered, memory):
    ledger, _ = make_tiered(None, is_trimmable=False, checkpoints=Checkpoints(4))
    run(ledger, memory, "a" * 100)
    run(ledger, memory, "a" * 100 + "b" * 100)

    assert run(ledger, memory, "a" * 100 + "c" * 100).n_cached == 100


def test_no_checkpoints_keep_nothing_of_what_goes_on(make_tiered, memory):
    ledger, tiers = make_tiered(None, is_trimmable=False, checkpoints=Checkpoints(0))
    run(ledger, memory, "a" * 100)
    run(ledger, memory, "a" * 100 + "b" * 100)

    assert tiers.counts.n_kept == 0


def test_of_a_long_chat_no_more_checkpoints_are_kept_than_were_asked_for(make_tiered, memory):
    ledger, tiers = make_tiered(None, is_trimmable=False, checkpoints=Checkpoints(3))
    for n in range(1, 12):
        run(ledger, memory, "a" * 100 * n)

    assert len(tiers._host) == 3


def test_what_cannot_be_cut_is_not_held_though_it_begins_alike(make_tiered, memory):
    ledger, _ = make_tiered(None, is_trimmable=False)
    run(ledger, memory, "a" * 100)

    assert ledger.n_held(Space(), tokens("a" * 90)) == 0
    assert ledger.n_held(Space(), tokens("a" * 110)) == 100
