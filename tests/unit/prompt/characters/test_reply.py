"""The character's message in what a model wrote."""

import pytest

from corral.prompt.characters.reply import ReplyTrimmer, message_of


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" Hello!", "Hello!"),
        (" Hello!\nSam: And you?", "Hello!"),
        ("Hello Sam: no Sam: no", "Hello"),
        ("Wren: Hello!\nWren: Again.", "Hello!\n Again."),
        ("<s>Hello</s><END>", "Hello"),
        ("<s>\n Hello\t</s> \n", "Hello"),
        ("Sam:", ""),
        ("", ""),
        (" \n ", ""),
        ("Sam and Wren", "Sam and Wren"),
        ("a < b, <s", "a < b, <s"),
    ],
)
def test_only_the_last_message_is_left(text, message):
    assert message_of(text, "Sam", "Wren") == message


def test_the_users_name_within_the_characters_is_no_end():
    assert message_of("MaryAnn: Hi.\nAnn: Hi.", "Ann", "MaryAnn") == "Hi."


def test_a_user_called_as_the_character_still_ends_the_message():
    assert message_of("Hi.\nWren: Hi.", "Wren", "Wren") == "Hi."


def test_without_names_there_are_only_the_marks():
    assert message_of("a: b</s>", "", "") == "a: b"


def test_what_may_become_a_mark_is_held_back():
    trimmer = ReplyTrimmer("Sam", "Wren")

    shown = [trimmer.feed(text) for text in (" Hi ", "S", "ad", " W", "ren", ": x", "Sam", ": y", "z")]

    assert shown == ["Hi", "", " Sad", "", "", "  x", "", "", ""]
    assert trimmer.close() == ""
