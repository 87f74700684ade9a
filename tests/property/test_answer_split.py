"""What an answer is found to hold does not depend on how its text was cut, and no character is lost."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corral.prompt.answer_split import AnswerSplit, Reading
from corral.prompt.reasoning import DEFAULT_TAGS
from corral.prompt.tool_formats import GENERIC, HERMES, MISTRAL, MISTRAL_ARGS

NAMES = frozenset({"f"})
# Pieces of which the interesting texts are made, besides any text.
WORDS = [
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "[TOOL_CALLS]",
    "[ARGS]",
    '{"name": "f", "arguments": {"a": [1, {}]}}',
    '{"name": "f"',
    '"arguments": ',
    '"\\"}"',
    "{}",
    "f",
    "{",
    "}",
    "[",
    "]",
    ",",
    " \n",
    "<",
    "é",
]
TEXTS = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=3)), max_size=12).map("".join)
READINGS = [
    Reading(tags=DEFAULT_TAGS),
    Reading(tags=DEFAULT_TAGS, is_open=True),
    *(Reading(form=form, names=NAMES) for form in (GENERIC, HERMES, MISTRAL, MISTRAL_ARGS)),
    Reading(tags=DEFAULT_TAGS, form=HERMES, names=NAMES, n_max=1),
    Reading(form=HERMES, names=NAMES, is_begun=True),
]


def read(reading, pieces):
    """Return (thoughts, content, calls) of an answer in pieces."""
    split = AnswerSplit(reading, is_stream=True)
    parts = [*map(split.feed, pieces), split.flush()]
    calls = {}
    for part in (call for each in parts for call in each.calls):
        name, arguments = calls.get(part.index, (part.name, ""))
        calls[part.index] = (name, arguments + part.arguments)
    assert len(split.call_ids) == len(calls) == len(set(split.call_ids))
    thoughts, content = (
        "".join(texts) for texts in zip(*((p.thoughts, p.content) for p in parts), strict=True)
    )
    return thoughts, content, calls


@pytest.mark.parametrize("reading", READINGS)
@given(text=TEXTS, cuts=st.lists(st.integers(0, 60), max_size=8))
@settings(deadline=None)
def test_cuts_change_nothing(reading, text, cuts):
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(edges)]

    assert read(reading, pieces) == read(reading, [text])
    assert read(reading, list(text)) == read(reading, [text])


@pytest.mark.parametrize("form", [GENERIC, HERMES, MISTRAL])
@given(
    arguments=st.dictionaries(
        st.text(max_size=5), st.recursive(st.integers() | st.text(), st.lists), max_size=4
    ),
    is_ascii=st.booleans(),
)
@settings(deadline=None)
def test_any_arguments_survive(form, arguments, is_ascii):
    written = json.dumps(arguments, ensure_ascii=is_ascii)
    text = f'{form.begin}{{"name": "f", "arguments": {written}}}{form.end}'

    _, content, calls = read(Reading(form=form, names=NAMES), list(text))

    assert content == ""
    assert json.loads(calls[0][1]) == arguments


@given(text=TEXTS)
@settings(deadline=None)
def test_without_calls_no_character_is_lost(text):
    _, content, calls = read(Reading(form=GENERIC, names=frozenset()), list(text))

    assert calls == {}
    assert content == text
