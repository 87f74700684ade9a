"""Thoughts and answer, however the text is cut."""

import pytest

from corral.prompt.reasoning import DEFAULT_TAGS, ReasoningSplit, ThinkTags, is_open, tags_of


def split(text, size, **options):
    splitter = ReasoningSplit(DEFAULT_TAGS, **options)
    pieces = [splitter.feed(text[at : at + size]) for at in range(0, len(text), size)]
    pieces.append(splitter.flush())
    return tuple(map("".join, zip(*pieces, strict=True)))


@pytest.mark.parametrize(
    ("text", "thoughts", "answer"),
    [
        ("<think>\nOne, two.\n</think>\n\nThree. \n", "One, two.", "Three. \n"),
        (" \n<think>a < b</think>c", "a < b", "c"),
        ("<think>\n\n</think>\n\nHi", "", "Hi"),
        ("<think>never ended \n", "never ended", ""),
        ("<think>half an end </thi", "half an end </thi", ""),
        ("<think>a\n\nb </think>", "a\n\nb", ""),
        ("  plain <think>x</think>", "", "  plain <think>x</think>"),
        ("<thin", "", "<thin"),
        ("", "", ""),
        ("<think>a</think>b</think>", "a", "b</think>"),
    ],
)
def test_thoughts_do_not_depend_on_the_cuts(text, thoughts, answer):
    for size in (1, 2, 3, 7, 100):
        assert split(text, size) == (thoughts, answer) or not text, size


def test_thoughts_may_have_begun_in_the_prompt():
    for size in (1, 4, 100):
        assert split("\nHm.\n</think>\nYes", size, is_open=True) == ("Hm.", "Yes")


def test_thoughts_are_told_while_they_come():
    splitter = ReasoningSplit(DEFAULT_TAGS)

    told = [splitter.feed(piece) for piece in ("<think>", "One", " ", "two", "</", "think>", "\n", "Three")]

    assert [thoughts for thoughts, _ in told] == ["", "One", "", " two", "", "", "", ""]
    assert told[-1] == ("", "Three")


@pytest.mark.parametrize(
    ("source", "tags"),
    [
        ("{{ '<think>' }}", DEFAULT_TAGS),
        ("content.split('</think>')", DEFAULT_TAGS),
        ("[THINK]{{ x }}[/THINK]", ThinkTags("[THINK]", "[/THINK]")),
        ("{{ messages }}", None),
    ],
)
def test_the_template_names_its_tags(source, tags):
    assert tags_of(source) == tags


def test_a_prompt_that_ends_with_the_tag_is_open():
    assert is_open("user: hi\nassistant: <think>\n", DEFAULT_TAGS)
    assert not is_open("<think>\n</think>\n\n", DEFAULT_TAGS)
