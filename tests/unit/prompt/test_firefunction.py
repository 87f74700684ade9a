"""Firefunction: its template is given the tools as a text and the day, its calls stand behind a word."""

from __future__ import annotations

import datetime as dt
import json

from corral.prompt.answer_split import Reading, read_whole
from corral.prompt.messages import Message
from corral.prompt.templates import ChatTemplate
from corral.prompt.tool_formats import FIREFUNCTION, format_of
from corral.prompt.tools import Tool

SOURCE = "{{ functions }} functools[ {{ datetime }} {{ messages[0].content }}"
CHAT = [Message("user", "Hi")]
TOOL = Tool("add", {"type": "object"}, {"type": "function", "function": {"name": "add"}})
READING = Reading(form=FIREFUNCTION, names=("add",))


def test_its_template_gets_the_tools_as_one_text_and_the_day():
    text = ChatTemplate(SOURCE).render(CHAT, tools=[TOOL]).text

    functions, rest = text.split(" functools[ ")
    assert json.loads(functions) == [TOOL.definition]
    assert dt.datetime.now().astimezone().strftime("%b %d %Y") in rest
    assert rest.endswith(" Hi")


def test_without_tools_the_text_is_empty():
    assert ChatTemplate(SOURCE).render(CHAT).text.startswith(" functools[")


def test_it_is_known_by_its_template():
    assert format_of(SOURCE) is FIREFUNCTION


def test_its_calls_are_read():
    answer = read_whole(' functools[{"name": "add", "arguments": {"a": 1}}]', READING)

    (call,) = answer.calls
    assert (call.name, json.loads(call.arguments)) == ("add", {"a": 1})
    assert not answer.content


def test_the_word_alone_is_no_call():
    text = "Python has functools.reduce and functools[0]"

    answer = read_whole(text, READING)

    assert (answer.content, answer.calls) == (text, [])
