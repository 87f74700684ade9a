"""Character chat: templates end, prompts keep to their budget, a streamed message is the whole one."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from corral.core.errors import InvalidRequestError
from corral.prompt.characters.blocks import Blocks, chosen, shortened
from corral.prompt.characters.plain_template import MAX_CHARS, MAX_DEPTH, MAX_ROUNDS, Expansion, filled
from corral.prompt.characters.reply import MARKS, ReplyTrimmer, message_of

REFERENCE = re.compile(r"[@&]\{[^{}]*\}")
parts = st.sampled_from(
    ["@{a}", "@{b}", "&{a}", "&{c}", "@{", "&{", "}", "a", "b", "${message}", "x", "@{@{b}}"]
)
templates = st.lists(parts, max_size=6).map("".join)
values = st.dictionaries(st.sampled_from("abc"), templates | st.lists(templates, max_size=3), max_size=3)


def expanded(template, character, body):
    """Return the text, or why it was refused."""
    try:
        return Expansion(character, body).of(template), None
    except InvalidRequestError as error:
        return None, error.message


@given(templates, values, values)
def test_an_expanded_template_has_no_reference_left_or_is_refused(template, character, body):
    text, refusal = expanded(template, character, body)

    if refusal is None:
        assert REFERENCE.search(text) is None
        assert len(text) <= MAX_CHARS + len(template)
    else:
        assert refusal.startswith("Field '")


@given(st.integers(1, 4), st.integers(1, 3 * MAX_DEPTH), st.integers(0, MAX_ROUNDS), st.booleans())
def test_every_chain_of_values_ends(n_times, n_long, n_braces, is_round):
    chain = {f"k{n}": f"@{{k{n + 1}}}" * n_times for n in range(n_long)}
    chain[f"k{n_long}"] = "@{k0}" if is_round else "end"

    text, refusal = expanded("@{k0}" + "}" * n_braces, chain, {})

    if refusal is None:
        assert text == ("" if is_round else "end" * n_times**n_long) + "}" * n_braces
    else:
        assert refusal.startswith("Field 'character.k")


@given(st.text("@&${}abmesg", max_size=30), st.text("@&${}ab", max_size=10))
def test_a_message_comes_into_the_prompt_as_it_is(message, around):
    template = f"<{around.replace('$', '')}${{message}}>"

    assert message in filled(Expansion({}, {}).of(template), {"message": message})


counts = st.lists(st.integers(0, 30), max_size=12)


@given(st.integers(0, 60), counts, counts, st.integers(0, 200))
def test_what_is_chosen_fits_and_nothing_more_would(n_bare, examples, history, n_budget):
    try:
        blocks = chosen(n_bare, examples, history, n_budget)
    except InvalidRequestError:
        assert n_bare > n_budget
        return
    n_examples = sum(examples[len(examples) - blocks.n_examples :])
    n_history = sum(history[len(history) - blocks.n_history :])
    assert n_bare + n_examples + n_history <= n_budget
    if blocks.n_history < len(history):
        assert n_bare + n_examples + n_history + history[-blocks.n_history - 1] > n_budget
    if blocks.n_examples < len(examples):
        assert n_bare + n_examples + examples[-blocks.n_examples - 1] > n_budget


@given(counts, counts, st.integers(1, 500))
def test_shortening_ends_at_the_bare_prompt(examples, history, n_over):
    blocks, n_messages = Blocks(len(examples), len(history)), len(examples) + len(history)
    while (shorter := shortened(blocks, n_over, examples, history)) is not None:
        assert shorter.n_examples + shorter.n_history < n_messages
        blocks, n_messages = shorter, shorter.n_examples + shorter.n_history

    assert blocks == Blocks(0, 0)


names = st.sampled_from(["", "S", "Sam", "W", "Wren", "<s", "Sam: W", "aSam"])
replies = st.lists(
    st.sampled_from(
        ["Sam", "Sam:", "Wren:", "W", ":", "<s>", "</s>", "<", "s>", "<END>", " ", "\n", "a", "é", "aS", "am"]
    ),
    max_size=10,
).map("".join)


def expected(text, user_name, char_name):
    """Return the message by the plainest means: one look from the left, the longest mark at each place."""
    marks = sorted({*MARKS, *(f"{name}:" for name in (user_name, char_name) if name)}, key=len, reverse=True)
    at = 0
    out = ""
    while at < len(text):
        mark = next((mark for mark in marks if text.startswith(mark, at)), None)
        if mark is None:
            out += text[at]
            at += 1
            continue
        if user_name and mark == f"{user_name}:":
            break
        at += len(mark)
    return out.strip()


@given(replies, names, names)
def test_the_message_is_what_is_left_without_its_marks(text, user_name, char_name):
    assert message_of(text, user_name, char_name) == expected(text, user_name, char_name)


@given(replies, names, names)
def test_the_pieces_of_a_stream_are_the_message_however_the_text_is_cut_in_two(text, user_name, char_name):
    whole = message_of(text, user_name, char_name)
    for at in range(len(text) + 1):
        assert shown([text[:at], text[at:]], user_name, char_name) == whole


@given(st.lists(replies, max_size=6), names, names)
def test_nothing_is_shown_that_the_message_does_not_begin_with(pieces, user_name, char_name):
    whole = message_of("".join(pieces), user_name, char_name)
    trimmer, seen = ReplyTrimmer(user_name, char_name), ""
    for piece in [*map(str, "".join(pieces)), ""]:
        seen += trimmer.feed(piece)
        assert whole.startswith(seen)

    assert seen + trimmer.close() == whole
    assert shown(pieces, user_name, char_name) == whole


def shown(pieces, user_name, char_name):
    trimmer = ReplyTrimmer(user_name, char_name)
    return "".join([trimmer.feed(piece) for piece in pieces]) + trimmer.close()
