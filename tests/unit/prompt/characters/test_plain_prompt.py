"""The prompt of a character chat."""

import pytest

from corral.core.errors import InvalidRequestError
from corral.prompt.characters.blocks import Blocks
from corral.prompt.characters.plain_prompt import ChatMessage, Choice, PlainPrompt, Writing
from corral.prompt.characters.plain_template import Expansion


def prompt(frame="P\n${chatExample}\n${chat}", examples=(), history=()):
    return PlainPrompt(frame=frame, ending="Wren:", examples=list(examples), history=list(history))


def message(kind, text, at=0):
    return ChatMessage(kind, text, f"chatHistory[{at}]")


def writing(n_max_chars=1000, **templates):
    return Writing(templates, Expansion({"name": "Wren"}, {}), {}, n_max_chars=n_max_chars)


def test_messages_stand_on_lines_of_their_own_and_the_name_behind_them():
    whole = prompt(examples=["a", "b"], history=["c", "d"])

    assert whole.text(Choice(Blocks(2, 2))) == "P\na\nb\nc\nd\nWren:"


def test_templates_that_end_their_lines_get_no_second_line_break():
    whole = prompt("P\n${chatExample}${chat}", ["a\n", "b\n"], ["c\n"])

    assert whole.text(Choice(Blocks(2, 1))) == "P\na\nb\nc\nWren:"


def test_behind_anything_else_the_name_follows_at_once():
    assert prompt("${chat}\n<reply>", history=["a"]).text(Choice(Blocks(0, 1))) == "a\n<reply>Wren:"


def test_the_newest_messages_are_told():
    whole = prompt("${chatExample}|${chat}|", ["a", "b"], ["c", "d"])

    assert whole.text(Choice(Blocks(1, 1))) == "b|d|Wren:"
    assert whole.text(Choice(Blocks(0, 0))) == "||Wren:"


def test_the_parts_are_the_bare_prompt_and_every_message():
    assert prompt(examples=["a"], history=["b\n"]).pieces == ["P\n\nWren:", "a\n", "b\n"]


def test_a_message_is_never_expanded():
    written = writing(user="@{name}> ${message}").newest([message("user", "@{name} ${message}")])

    assert written == ["Wren> @{name} ${message}"]


def test_a_kind_without_a_template_is_refused_by_its_path():
    with pytest.raises(InvalidRequestError, match=r"'chatHistory\[4\]\.chatType': .*'ghost'.*'user'"):
        writing(user="${message}").newest([message("ghost", "Boo", 4), message("user", "a", 5)])


def test_a_template_that_is_no_text_is_refused():
    with pytest.raises(InvalidRequestError, match=r"promptTemplate\.user': expected a text"):
        writing(user=3).newest([message("user", "a")])


def test_messages_that_no_context_has_room_for_are_not_written():
    many = [message("user", "x" * 100, at) for at in range(10_000)]

    written = writing(user="${message}${message}").newest(many)

    assert written == ["x" * 200] * 4
