"""Long answers become messages that Discord takes, and lose nothing."""

import re

import pytest

from examples.discord_bot.split import N_MOST, open_fence, split

WORDS = "The quick brown fox jumps over the lazy dog. "


def letters(text):
    """What must survive: everything but white space and fences."""
    return re.sub(r"\s|```(python)?", "", text)


def test_a_short_answer_is_one_part():
    assert split("  Good morning.\n") == ["Good morning."]


@pytest.mark.parametrize("text", ["", "  \n ", "\t" * 5_000])
def test_a_blank_answer_has_no_part(text):
    assert split(text) == []


def test_two_thousand_code_points_are_one_part_even_as_emoji():
    text = "😀" * N_MOST

    assert split(text) == [text]


def test_an_answer_of_6000_characters_is_cut_at_sentences():
    text = (WORDS * 134)[:6_000].strip()

    parts = split(text)

    assert len(parts) == 4
    assert all(len(part) <= N_MOST for part in parts)
    assert all(part.endswith(".") for part in parts[:-1])
    assert " ".join(parts) == text


def test_line_breaks_are_preferred_to_sentences():
    first, second = WORDS * 30, WORDS * 30

    assert split(f"{first.strip()}\n{second.strip()}") == [first.strip(), second.strip()]


def test_a_line_break_at_the_very_beginning_is_no_place_to_cut():
    parts = split("Hm.\n" + "word " * 600)

    assert len(parts[0]) > 1_900


def test_words_are_whole_where_there_are_no_sentences():
    parts = split("abcdefg " * 600)

    assert all(set(part.split()) == {"abcdefg"} for part in parts)


def test_a_text_without_any_space_is_cut_anyway():
    parts = split("x" * 6_000)

    assert "".join(parts) == "x" * 6_000
    assert all(len(part) <= N_MOST for part in parts)


@pytest.mark.parametrize(
    "cluster",
    ["👩‍👩‍👧‍👦", "👍🏽", "🇩🇪", "e\u0301\u0323", "❤️", "😀"],
    ids=["family", "skin tone", "flag", "accents", "variation", "plain"],
)
@pytest.mark.parametrize("n_before", range(4))
def test_no_emoji_or_letter_is_torn(cluster, n_before):
    parts = split("x" * n_before + cluster * 2_500)

    assert "".join(parts) == "x" * n_before + cluster * 2_500
    assert all(len(part) <= N_MOST for part in parts)
    assert all(set(part.removeprefix("x" * n_before).split(cluster)) == {""} for part in parts)


def test_a_cluster_without_end_is_cut_rather_than_looked_through():
    parts = split("a" + "\u0301" * 5_000)

    assert sum(map(len, parts)) == 5_001
    assert all(len(part) <= N_MOST for part in parts)


def test_indented_lines_keep_their_indent_where_a_part_begins():
    parts = split("- " + "a" * 1_500 + "\n  - " + "b" * 1_500)

    assert parts[1].startswith("  - b")


def test_a_code_block_is_closed_and_opened_again_with_its_language():
    code = "".join(f"    print({number})\n" for number in range(300))

    parts = split(f"Look:\n```python\n{code}```\nThat is all.")

    assert len(parts) > 1
    assert all(len(part) <= N_MOST for part in parts)
    assert all(part.count("```") % 2 == 0 for part in parts)
    assert all(part.startswith("```python\n    print(") for part in parts[1:])
    assert all(part.endswith("\n```") for part in parts[:-1])
    assert letters("".join(parts)) == letters(f"Look:{code}That is all.")


def test_a_block_without_language_is_opened_again_without_one():
    parts = split("```\n" + "one two\n" * 500 + "```")

    assert parts[1].startswith("```\none two")


def test_code_in_one_line_is_closed_too():
    parts = split("```" + "x" * 5_000 + "```")

    assert all(part.count("```") == 2 for part in parts)
    assert letters("".join(parts)) == "x" * 5_000


def test_a_block_of_which_only_the_fence_fits_begins_in_the_next_part():
    text = "x" * 1_985 + "\n```py\n" + "y = 1\n" * 100 + "```"

    parts = split(text)

    assert parts[0] == "x" * 1_985
    assert parts[1].startswith("```py\ny = 1")


def test_a_block_that_ends_at_the_cut_leaves_no_empty_block():
    for n_lines in range(325, 340):
        parts = split("```py\n" + "a = 1\n" * n_lines + "```\n" + "And on. " * 100)

        assert not any(re.search(r"```(py)?\n?\s*```$", part) for part in parts)
        assert all(part.count("```") % 2 == 0 for part in parts)


@pytest.mark.parametrize("n_before", range(1_988, 2_004))
def test_a_fence_is_never_torn(n_before):
    parts = split("x" * n_before + "```js\n" + "z " * 1_500 + "```" + "w" * 2_000)

    assert all(part.count("`") % 6 == 0 for part in parts)
    assert all(len(part) <= N_MOST for part in parts)


@pytest.mark.parametrize("n_language", [0, 1, 19, 20, 21, 300, 3_000])
def test_languages_of_any_length_end(n_language):
    parts = split("```" + "l" * n_language + "\n" + "code" * 2_000 + "\n```", 200)

    assert all(len(part) <= 200 for part in parts)
    assert all(part.count("```") % 2 == 0 for part in parts)


def test_two_blocks_are_told_apart():
    assert open_fence("```py\na\n``` and ```js\nb") == "```js\n"
    assert open_fence("```py\na\n``` and ```js\nb\n```") is None
