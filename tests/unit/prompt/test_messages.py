"""Contents of messages, and chats for templates without a system role."""

import pytest

from corral.core.errors import InvalidRequestError
from corral.prompt.content import to_text
from corral.prompt.messages import Message, with_system_merged

SYSTEM, USER, ANSWER = Message("system", "S"), Message("user", "U"), Message("assistant", "A")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a", "a"),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "a"}], "a"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
    ],
)
def test_content_becomes_text(content, text):
    assert to_text(content, "messages[0]") == text


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "image_url"}, r"messages\[0\]\.content\[0\].*'image_url'"),
        ({}, r"messages\[0\]\.content\[0\].*None"),
        ({"type": "text"}, r"messages\[0\]\.content\[0\]\.text"),
        ({"type": "text", "text": 5}, r"messages\[0\]\.content\[0\]\.text"),
    ],
)
def test_other_parts_are_refused_by_name(part, words):
    with pytest.raises(InvalidRequestError, match=words):
        to_text([part], "messages[0]")


def test_the_system_text_goes_before_the_first_user_turn():
    assert with_system_merged([SYSTEM, ANSWER, USER]) == [ANSWER, Message("user", "S\n\nU")]


def test_without_a_user_turn_one_is_made():
    assert with_system_merged([SYSTEM, ANSWER]) == [Message("user", "S"), ANSWER]


@pytest.mark.parametrize("chat", [[], [USER], [USER, SYSTEM]])
def test_a_chat_without_a_leading_system_turn_is_left_alone(chat):
    assert with_system_merged(chat) is chat
