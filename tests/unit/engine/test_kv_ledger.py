from __future__ import annotations

import numpy as np
import pytest

from corral.engine.fake import FakeMemory
from corral.engine.kv import KvLedger, Wish
from corral.engine.prefixes import Space


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
