"""Which messages and which lore stand in a prompt of plain text."""

import datetime as dt

from corral.prompt.characters.asides import Asides
from corral.prompt.characters.blocks import Blocks
from corral.prompt.characters.fitting import Fitting
from corral.prompt.characters.placeholders import Scene
from corral.prompt.characters.plain_prompt import Choice, PlainPrompt
from corral.prompt.lorebook.book import Lorebook, LoreEntry
from corral.prompt.persona import Persona

NOW = dt.datetime(2031, 3, 4, tzinfo=dt.UTC)
LORE = Lorebook(entries=(LoreEntry(content="L" * 16, keys=("new",)),), token_budget=1000)  # 20 with brackets


def fitting(n_budget, *, book=LORE, history=("old", "mid", "new")):
    asides = Asides(Persona(name="M", lorebook=book), Scene(character="M", user="S", now=NOW), [*history])
    prompt = PlainPrompt(
        frame="${chatExample}${chat}",
        ending="M:",
        examples=["e" * 9],
        history=[text * 3 for text in history],
        roles=["user"] * len(history),
        asides=asides,
    )
    return Fitting(prompt, [len(piece) for piece in prompt.pieces], n_context=1000, n_budget=n_budget)


def chosen(*args, **options):
    choice = fitting(*args, **options).first()
    return choice.blocks, [entry.content for entry in choice.told.entries]


def test_all_stands_where_there_is_room():
    assert chosen(2 + 10 + 30 + 20) == (Blocks(1, 3), ["L" * 16])


def test_old_messages_make_place_for_lore():
    assert chosen(2 + 10 + 30 + 19) == (Blocks(1, 2), ["L" * 16])
    assert chosen(2 + 10 + 10 + 20) == (Blocks(1, 1), ["L" * 16])


def test_lore_makes_place_for_examples_and_the_newest_message():
    assert chosen(2 + 10 + 10 + 19) == (Blocks(1, 2), [])


def test_lore_of_messages_that_are_left_out_is_not_told():
    assert chosen(2 + 10 + 20, history=("new", "mid", "last")) == (Blocks(1, 1), [])


def test_a_shorter_choice_has_its_lore_too():
    wide = fitting(1000)

    shorter = wide.shorter(wide.first(), 11)

    assert (shorter.blocks, len(shorter.told.entries)) == (Blocks(1, 1), 1)
    assert wide.shorter(shorter, 100) == Choice(Blocks(0, 0))
    assert wide.shorter(Choice(Blocks(0, 0)), 1) is None
