"""Calls in answers of each format, however the text is cut."""

import json

import pytest

from corral.prompt.tool_calls import ToolCallSplit
from corral.prompt.tool_formats import (
    GENERIC,
    HERMES,
    LLAMA3,
    MISTRAL,
    MISTRAL_ARGS,
    format_of,
)

NAMES = {"add", "look"}
ONE = '{"name": "add", "arguments": {"a": 1, "s": "x}\\"{"}}'
TWO = '{"name": "look", "arguments": {}}'
CALLS = [("add", '{"a": 1, "s": "x}\\"{"}'), ("look", "{}")]


def split(form, text, size=None, **options):
    """Return (content, calls) of a text fed in pieces of `size` characters."""
    splitter = ToolCallSplit(form, NAMES, **options)
    contents, calls = [], {}
    for at in range(0, len(text), size or len(text)):
        content, parts = splitter.feed(text[at : at + (size or len(text))])
        contents.append(content)
        for part in parts:
            assert (part.name is not None) == (part.index not in calls), "the name comes first, and once"
            name, arguments = calls.get(part.index, (part.name, ""))
            calls[part.index] = (name, arguments + part.arguments)
    contents.append(splitter.flush())
    return "".join(contents), [calls[index] for index in range(len(calls))]


CASES = [
    (GENERIC, ONE, "", CALLS[:1]),
    (GENERIC, f" [{ONE},\n{TWO}] ", "", CALLS),
    (GENERIC, '{"arguments": {"a": 2}, "name": "add"}', "", [("add", '{"a": 2}')]),
    (GENERIC, '{"name": "add", "arguments": "{\\"a\\": 3}"}', "", [("add", '{"a": 3}')]),
    (GENERIC, '{"type": "function", "name": "look"}', "", [("look", "{}")]),
    (GENERIC, '{"colour": "red", "name": {"x": 1}}', '{"colour": "red", "name": {"x": 1}}', []),
    (GENERIC, '{"name": "stranger", "arguments": {}}', '{"name": "stranger", "arguments": {}}', []),
    (GENERIC, ' [1, {"a": 2}] and so on', ' [1, {"a": 2}] and so on', []),
    (GENERIC, '[{"name": "stranger"}, 5]', '[{"name": "stranger"}, 5]', []),
    (GENERIC, "{not json} at all", "{not json} at all", []),
    (GENERIC, 'Say {"name": "add"}', 'Say {"name": "add"}', []),
    (GENERIC, '{"name": "ad', '{"name": "ad', []),
    (GENERIC, "  ", "  ", []),
    (LLAMA3, '{"name": "add", "parameters": {"a": 1}}', "", [("add", '{"a": 1}')]),
    (HERMES, f"<tool_call>\n{ONE}\n</tool_call>\n<tool_call>\n{TWO}\n</tool_call>", "", CALLS),
    (HERMES, f"Let me see.<tool_call>{ONE}</tool_call>", "Let me see.", CALLS[:1]),
    (HERMES, f"<tool_call>{TWO}</tool_call>Done.", "Done.", CALLS[1:]),
    (HERMES, "a < b <tool", "a < b <tool", []),
    (HERMES, "<tool_call>no</tool_call>", "<tool_call>no</tool_call>", []),
    (HERMES, f"{ONE}", ONE, []),
    (HERMES, '<tool_call>{"name": "any", "arguments": {"b": [1', "", [("any", '{"b": [1')]),
    (MISTRAL, f"[TOOL_CALLS][{ONE}, {TWO}]", "", CALLS),
    (MISTRAL, f"[TOOL_CALLS] [{TWO}]", "", CALLS[1:]),
    (MISTRAL, "[1] is a list", "[1] is a list", []),
    (
        MISTRAL_ARGS,
        '[TOOL_CALLS]add[ARGS]{"name": 1, "arguments": {}}[TOOL_CALLS]look[ARGS]{}',
        "",
        [("add", '{"name": 1, "arguments": {}}'), ("look", "{}")],
    ),
]


@pytest.mark.parametrize(("form", "text", "content", "calls"), CASES)
def test_content_and_calls_do_not_depend_on_the_cuts(form, text, content, calls):
    for size in (None, 1, 2, 3, 5, 11):
        assert split(form, text, size) == (content, calls), size


def test_arguments_are_told_while_they_come():
    splitter = ToolCallSplit(GENERIC, NAMES)

    told = [splitter.feed(piece)[1] for piece in ('{"name": "add"', ', "arguments": {"a"', ": 1", "}", "}")]

    assert [[(part.name, part.arguments) for part in parts] for parts in told] == [
        [("add", "")],
        [(None, '{"a"')],
        [(None, ": 1")],
        [(None, "}")],
        [],
    ]


def test_no_more_calls_are_told_than_wanted():
    assert split(HERMES, f"<tool_call>{ONE}</tool_call><tool_call>{TWO}</tool_call>", n_max=1) == (
        "",
        CALLS[:1],
    )
    assert split(GENERIC, f"[{ONE},{TWO}]", 1, n_max=1) == ("", CALLS[:1])


def test_the_mark_may_stand_in_the_prompt():
    for size in (1, 4, None):
        assert split(HERMES, f"{ONE}\n</tool_call>", size, is_begun=True) == ("", CALLS[:1])
        assert split(MISTRAL, f"[{ONE}]", size, is_begun=True) == ("", CALLS[:1])


def test_a_long_argument_is_read_in_linear_time():
    value = json.dumps({"text": "x" * 200_000})

    assert split(GENERIC, f'{{"name": "add", "arguments": {value}}}', 400) == ("", [("add", value)])


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ('{% if tools %}<tool_call>{"name", "arguments"}{% endif %}', HERMES),
        ("{% if tools %}<tool_call><function={{ x }}>{% endif %}", GENERIC),
        ("{% if tools %}<tool_call>f<arg_key>arguments</arg_key>{% endif %}", GENERIC),
        ("{% if tools %}[TOOL_CALLS]{% endif %}", MISTRAL),
        ("{% if tools %}[TOOL_CALLS]x[ARGS]{% endif %}", MISTRAL_ARGS),
        ('{% if tools %}<|start_header_id|>"parameters"{% endif %}', LLAMA3),
        ("{{ messages }}<tool_call>", GENERIC),
        ("{{ messages }}", GENERIC),
    ],
)
def test_the_template_shows_the_format(source, form):
    assert format_of(source) is form
