"""Where a text said the same before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.engine.draft.history import LONG, MAX_INDEXED, MAX_MATCHED, History


def history(text, generated=""):
    made = History(np.array(list(text.encode()), np.int32))
    assert made.follow(list(generated.encode()))
    return made


def continued(made, n):
    place, _ = made.place()
    return bytes(made.continuation(place, n)).decode()


def test_what_followed_the_same_words_is_proposed():
    assert continued(history("the cat sat on the mat. the c"), 4) == "at s"


def test_the_latest_place_is_taken():
    assert continued(history("abcd1 abcd2 abcd"), 1) == "2"


def test_four_tokens_count_more_than_two_that_came_later():
    assert continued(history("wxyz1 ..yz2 wxyz"), 1) == "1"


def test_two_tokens_are_enough_where_there_is_nothing_longer():
    made = history("..yz2 wxyz")

    assert made.place() == (4, 2)
    assert continued(made, 2) == "2 "


def test_how_far_a_place_agrees_is_counted_up_to_a_bound():
    assert history("abcdefg abcdefg").place()[1] == 7
    assert history("x" * 100).place()[1] == MAX_MATCHED


@pytest.mark.parametrize("text", ["", "a", "ab", "abc", "aaa", "abcdefgh"])
def test_a_short_or_new_text_has_no_place(text):
    assert history(text).place() == (0, 0)


def test_a_text_in_a_loop_goes_on_in_it_beyond_what_is_known():
    assert continued(history("0123 abcabcabca"), 7) == "bcabcab"


def test_generated_tokens_are_taken_once_however_they_come():
    whole, grown = history("ab", "cdabxyab"), history("ab", "cd")

    grown.follow(list(b"cdabx"))
    grown.follow(list(b"cdabxyab"))

    assert grown.tokens == whole.tokens
    assert grown.place() == whole.place() == (6, 2)


def test_a_long_prompt_is_read_over_several_steps():
    made = History(np.arange(2 * MAX_INDEXED + 10, dtype=np.int32))

    assert [made.follow([]) for _ in range(3)] == [False, False, True]


@given(st.text("abc", min_size=1, max_size=60), st.integers(1, 20))
def test_a_place_is_as_good_as_a_search_finds(text, n):
    made = history(text)
    place, n_matched = made.place()

    ends = [text[-size:] for size in (LONG, 2) if len(text) >= LONG]
    found = [
        text.rfind(end, 4 - len(end), -1) + len(end) for end in ends if text.rfind(end, 4 - len(end), -1) >= 0
    ]
    assert place == (found[0] if found else 0)
    if place:
        assert text[:place].endswith(text[len(text) - n_matched :])
        assert continued(made, n).startswith(text[place : place + n])
