"""A persona as templates of plain text see it."""

import datetime as dt

from corral.prompt.characters.plain_persona import PlainPersona
from corral.prompt.characters.plain_template import Expansion, filled
from corral.prompt.characters.staging import Staging
from corral.prompt.lorebook.book import LoreEntry
from corral.prompt.lorebook.telling import Told
from corral.prompt.persona import Persona, Speaker, Turn

NOW = dt.datetime(2031, 3, 4, 15, 7, tzinfo=dt.UTC)


def plain(greeting=0, *, user_name="Jo", **fields):
    persona = Persona(**{"name": "Mira", "system": "", **fields})
    return PlainPersona(Staging(persona=persona, now=NOW, user_name=user_name), greeting)


def shown(persona, template, told=Told(), homeless=()):  # noqa: B008 - it is frozen
    """Return a template filled in with the persona's values."""
    return filled(Expansion(persona.references, {}).of(template), persona.slots(told, homeless))


def test_every_text_has_its_placeholders_filled_in():
    persona = plain(
        description="{{char}} and {{user}}",
        personality="{{weekday}}",
        scenario="{{isodate}}",
        greetings=("{{user}}!",),
        emotions=("calm", "cross"),
    )

    template = "@{charName}|@{description}|@{personality}|@{scenario}|@{greeting}|@{emotions}"
    assert shown(persona, template) == "Mira|Mira and Jo|Tuesday|2031-03-04|Jo!|[calm,cross]"


def test_lore_and_texts_without_a_place_stand_with_the_description():
    told = Told(before=(LoreEntry(content="B"),), after=(LoreEntry(content="A"),))

    persona = plain(description="D", system="S")

    assert shown(persona, "@{persona}", told, ["[H]"]) == "B\n\nD\n\nA\n\n[H]"
    assert shown(persona, "@{introduction}.", told) == "S\n\nB\n\nD\n\nA\n\n."


def test_persona_that_says_nothing_has_an_empty_introduction():
    assert shown(plain(), "<@{introduction}>") == "<>"


def test_examples_are_messages_of_their_kinds():
    persona = plain(
        examples=(
            (Turn(Speaker.USER, "Well, {{char}}?"), Turn(Speaker.CHARACTER, "Hm.")),
            (),
            (Turn(Speaker.SYSTEM, "Night."),),
        )
    )

    assert persona.examples == [("user", "Well, Mira?"), ("character", "Hm."), ("system", "Night.")]
    assert "${chatExample}" in persona.templates["prompt"]
    assert "${chatExample}" not in plain().templates["prompt"]


def test_user_without_a_name_is_called_as_the_persona_calls_users():
    assert shown(plain(user_name=""), "@{userPrefix}") == "User:"


def test_each_greeting_has_its_number():
    greetings = ("Hello.", "Again, {{user}}?")

    assert [plain(n, greetings=greetings).greeting for n in (0, 1)] == ["Hello.", "Again, Jo?"]
    assert plain().greeting == ""
