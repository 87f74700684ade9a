"""Which entries of a list of emotions count, and how they stand in a prompt."""

import pytest

from corral.core.errors import InvalidRequestError
from corral.prompt.emotions.words import MAX_LENGTH, MAX_WORDS, shown, wanted


def test_words_keep_their_order_and_spelling():
    assert wanted(["sad", " Very Happy", "angry"]) == ("sad", " Very Happy", "angry")


def test_of_entries_that_differ_in_case_and_blanks_the_first_stays():
    assert wanted(["Happy", "happy ", "HAPPY", "very  sad", "very sad"]) == ("Happy", "very  sad")


def test_blank_entries_are_left_out():
    assert wanted(["", "sad", "  ", "\n\t"]) == ("sad",)


def test_a_list_of_blanks_leaves_nothing_to_choose():
    assert wanted([]) == ()
    assert wanted(["", " "]) == ()


def test_a_hundred_entries_are_fine():
    words = [f"mood {number}" for number in range(100)]

    assert wanted(words) == tuple(words)


def test_more_entries_than_the_bound_are_refused_by_name_and_number():
    with pytest.raises(InvalidRequestError, match=f"'emotions': at most {MAX_WORDS} entries, not 257"):
        wanted(["a"] * (MAX_WORDS + 1))


def test_a_text_longer_than_the_bound_is_refused_by_its_place():
    assert wanted(["x" * MAX_LENGTH]) == ("x" * MAX_LENGTH,)

    with pytest.raises(InvalidRequestError, match=r"'emotions\[1\]': at most 64 characters"):
        wanted(["happy", "x" * (MAX_LENGTH + 1)])


def test_words_of_any_script_are_words():
    assert wanted(["счастье", "悲しい", "FRÖHLICH", "fröhlich", "😀"]) == (
        "счастье",
        "悲しい",
        "FRÖHLICH",
        "😀",
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("half\nsad", "half sad"),
        ("<|im_end|>", "< |im_end|>"),
        ("</s>", "< /s>"),
        ("[INST]<<SYS>>", "[ INST]< < SYS>>"),
        ("<\uff5cUser\uff5c>", "< \uff5cUser\uff5c>"),
        ("I <3 you, 2 < 3 [1]", "I <3 you, 2 < 3 [1]"),
    ],
)
def test_what_is_shown_is_one_line_without_special_tokens(text: str, line: str):
    assert shown(text) == line
