"""Decorators at the head of an entry's content."""

import pytest

from corral.prompt.cards.decorators import served, split, without_served


@pytest.mark.parametrize(
    ("content", "head", "text"),
    [
        ("plain", "", "plain"),
        ("\n\nplain", "", "\n\nplain"),
        (
            "@@depth 4\n@@role system\n\n  text\n@@not one",
            "@@depth 4\n@@role system\n\n",
            "  text\n@@not one",
        ),
        ("@@dont_activate", "@@dont_activate", ""),
        ("\r\n@@depth 1\r\ntext", "\r\n@@depth 1\r\n", "text"),
        ("mail@@home", "", "mail@@home"),
    ],
)
def test_leading_lines_are_the_head(content, head, text):
    assert split(content) == (head, text)


@pytest.mark.parametrize(
    ("head", "values"),
    [
        ("@@depth 4\n", {"depth": 4}),
        ("@@depth -2\n", {"depth": 0}),
        ("@@depth four\n", {}),
        ("@@depth four\n@@@depth 5\n", {"depth": 5}),
        ("@@depth 4\n@@@scan_depth 5\n", {"depth": 4}),
        ("@@risu_only 4\n@@@agn_only 4\n@@@scan_depth 3\n@@@depth 1\n", {"scan_depth": 3}),
        ("@@depth 4\n@@depth 5\n", {"depth": 4}),
        ("@@position after_desc\n@@activate\n", {"position": "after_desc", "activate": True}),
        ("@@position moon\n", {}),
        ("@@additional_keys sea, ,wind\n", {"additional_keys": ("sea", "wind")}),
        ("@@@depth 4\n", {}),
    ],
)
def test_first_understood_decorator_of_a_name_counts(head, values):
    assert served(head) == values


def test_what_is_not_served_can_be_kept_alone():
    head = "@@depth 4\n@@role system\n\n@@activate_only_after 2\n"

    assert without_served(head) == "@@role system\n\n@@activate_only_after 2\n"
