"""What a draft model holds of a text."""

from __future__ import annotations

import pytest

from corral.engine.draft.held import Chunk, Held


@pytest.fixture
def held():
    return Held(n_ctx=20, n_most=4)


def read(held, text, owner="x"):
    """Have the whole text read; return where each chunk began."""
    starts = []
    while True:
        chunk = held.missing(text, 2, owner=owner)
        held.add(text[chunk.start : chunk.end])
        starts.append(chunk.start)
        if chunk.end == len(text):
            return starts


def test_a_text_is_read_in_chunks(held):
    assert read(held, [1, 2, 3, 4, 5, 6, 7, 8, 9]) == [0, 4, 8]


def test_only_what_came_since_is_read(held):
    text = [1, 2, 3]
    read(held, text)
    text += [4, 5]

    assert held.missing(text, 2, owner="x") == Chunk(3, 5)


def test_the_last_token_is_read_again_where_nothing_came(held):
    text = [1, 2, 3]
    read(held, text)

    assert held.missing(text, 2, owner="x") == Chunk(2, 3)


def test_right_guesses_stay_and_wrong_ones_are_cut(held):
    text = [1, 2, 3]
    read(held, text)
    held.add([4, 5, 6])
    text += [4, 5, 9, 8]

    assert held.missing(text, 2, owner="x") == Chunk(5, 7)


def test_another_text_of_the_owner_reuses_their_common_beginning(held):
    read(held, [1, 2, 3, 4])

    assert held.missing([1, 2, 5, 6], 2, owner="x") == Chunk(2, 4)


def test_another_owners_text_is_read_from_its_beginning(held):
    read(held, [1, 2, 3, 4])

    assert held.missing([1, 2, 3, 4], 2, owner="y") == Chunk(0, 4)


def test_a_text_that_does_not_fit_with_its_guesses_is_not_read(held):
    assert held.missing([1] * 19, 2, owner="x") is None
    assert held.missing([1] * 18, 2, owner="x") is not None


def test_after_a_fault_all_is_read_again(held):
    text = [1, 2, 3]
    read(held, text)

    held.forget()

    assert held.missing(text, 2, owner="x") == Chunk(0, 3)
