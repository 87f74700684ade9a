"""Lore over every chat: a turn more changes nothing that stood before, and no budget is passed."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from corral.prompt.characters.assembly import Draft, Room
from corral.prompt.characters.cuts import HUNK
from corral.prompt.characters.staging import Staging
from corral.prompt.lorebook.book import Lorebook, LoreEntry, Place
from corral.prompt.lorebook.lore import Lore
from corral.prompt.lorebook.telling import tell
from corral.prompt.messages import Message
from corral.prompt.persona import Persona

NOW = dt.datetime(2031, 3, 4, 15, 7, tzinfo=dt.UTC)
WORDS = st.sampled_from(["ash", "oak", "elm", "yew", "fir"])
KEYS = st.lists(WORDS, max_size=2).map(tuple)
SAYINGS = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
DEPTHS = st.none() | st.integers(0, 4)

ENTRIES = st.builds(
    LoreEntry,
    content=SAYINGS,
    keys=KEYS,
    secondary_keys=KEYS,
    is_selective=st.booleans(),
    is_constant=st.sampled_from([False, False, False, True]),
    is_enabled=st.sampled_from([True, True, True, False]),
    is_regex=st.booleans(),
    place=st.sampled_from(Place),
    depth=DEPTHS,
    order=st.integers(0, 3),
    priority=st.none() | st.integers(-2, 2),
    probability=st.sampled_from([0, 30, 100, 100]),
    scan_depth=DEPTHS,
)
BOOKS = st.builds(
    Lorebook,
    entries=st.lists(ENTRIES, max_size=8).map(tuple),
    scan_depth=DEPTHS,
    token_budget=st.integers(0, 80),
    is_recursive=st.booleans(),
    recursion_limit=st.integers(0, 5),
)
SAID = st.lists(SAYINGS, min_size=1, max_size=12)
ROLES = st.sampled_from([("user", "assistant"), ("assistant", "user")])


def told(book, texts, *, budget=None, start=0, seed=0):
    lore = Lore(book, texts)
    counts = {entry.content: len(entry.content) for entry in lore.candidates()}
    return tell(lore, counts, budget, start=start, seed=seed)


def history(texts, roles=("user", "assistant")):
    return [Message(roles[number % 2], text) for number, text in enumerate(texts)]


def assembled(book, messages, room):
    persona = Persona(name="Mira", description="A {{char}}.", greetings=("An oak.",), lorebook=book)
    draft = Draft(Staging(persona=persona, now=NOW), messages)
    return draft.assembled([len(text) for text in draft.texts], room)


def without_deep(book):
    entries = tuple(entry for entry in book.entries if entry.place is not Place.DEPTH)
    return Lorebook(
        entries=entries,
        scan_depth=book.scan_depth,
        token_budget=book.token_budget,
        is_recursive=book.is_recursive,
        recursion_limit=book.recursion_limit,
    )


@given(BOOKS, SAID, SAYINGS, SAYINGS, ROLES)
def test_messages_of_a_chat_begin_those_of_the_chat_that_is_a_turn_longer(
    book, texts, answer, question, roles
):
    room = Room(n_context=100_000)
    book = without_deep(book)

    shorter = assembled(book, history(texts, roles), room).messages
    longer = assembled(book, history([*texts, answer, question], roles), room).messages

    assert longer[: len(shorter)] == shorter


@given(BOOKS, SAID, SAYINGS)
def test_what_stands_in_the_history_stays_where_it_is_whatever_stands_at_a_depth(book, texts, more):
    before, after = told(book, texts, budget=40), told(book, [*texts, more], budget=40)

    anchored = {at: entries for at, entries in after.anchored.items() if at < len(texts)}
    assert anchored == before.anchored
    assert (after.before, after.after) == (before.before, before.after)


@given(BOOKS, SAID, st.integers(0, 60), st.integers(0, 11), st.integers(0, 3))
def test_budget_is_kept_and_every_text_told_at_most_once(book, texts, budget, start, seed):
    result = told(book, texts, budget=budget, start=start, seed=seed)

    contents = [entry.content for entry in result.entries]
    assert sum(map(len, contents)) <= budget
    assert len(contents) == len(set(contents))
    assert all(entry.is_enabled for entry in result.entries)
    assert all(start <= at < len(texts) for at in result.anchored)


@given(BOOKS, SAID, st.integers(0, 11), st.integers(0, 3))
def test_all_that_is_told_was_offered_to_be_counted(book, texts, start, seed):
    lore = Lore(book, texts)
    offered = {entry.content for entry in lore.candidates()}

    result = told(book, texts, start=start, seed=seed)

    assert {entry.content for entry in result.entries} <= offered


@given(BOOKS, SAID, st.integers(40, 600))
def test_chat_fits_and_is_cut_in_hunks_unless_the_newest_message_alone_is_too_long(book, texts, n_context):
    messages = history(texts)

    result = assembled(book, messages, Room(n_context=n_context))

    n_all = len(messages) + 1  # with the greeting
    assert result.n_dropped % HUNK == 0 or result.n_dropped == n_all - 1
    assert result.n_tokens <= n_context or result.n_dropped == n_all - 1
    assert sum(len(each.content) for each in result.messages) <= result.n_tokens
    assert messages[-1].content in result.messages[-1].content
    assert result.messages[0].content.startswith("You are Mira")


@given(BOOKS, SAID)
def test_same_chat_is_assembled_the_same(book, texts):
    room = Room(n_context=300)

    assert assembled(book, history(texts), room) == assembled(book, history(texts), room)
