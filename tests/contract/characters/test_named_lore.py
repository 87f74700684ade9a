"""POST /chat with a character of the server's folder: its lore, its names, its greetings, its prefixes."""

import datetime as dt

import pytest

from corral.prompt.lorebook.book import Lorebook, LoreEntry, Place
from corral.prompt.persona import Persona, Speaker, Turn
from tests.contract.conftest import Client
from tests.fake_characters import FakeCharacters


def says(kind, text):
    return {"chatType": kind, "message": text}


@pytest.fixture
def ask(door):
    """Post a chat with a persona, given by its fields, and return the prompt."""

    def send(*history, lore=(), book=None, body=None, max_new_tokens=20, **fields):
        lorebook = Lorebook(entries=tuple(lore), **(book or {})) if lore else None
        persona = Persona(**{"name": "Mira", "system": "K.", "lorebook": lorebook, **fields})
        client = Client(door, characters=FakeCharacters(persona))
        reply = client.post(
            "/chat",
            {
                "userName": "Sam",
                "genParams": {"max_new_tokens": max_new_tokens},
                "character": "mira",
                "chatHistory": list(history),
                **(body or {}),
            },
        )
        assert reply.status_code == 200, reply.text
        (prompt,) = door.requests[-1].prompt
        return prompt

    return send


def test_lore_stands_before_the_users_message_that_spoke_of_it(ask):
    lore = [LoreEntry(content="A reef broke {{user}}'s boat.", keys=("reef",))]

    prompt = ask(says("user", "The reef?"), says("character", "Aye."), says("user", "Why?"), lore=lore)

    assert prompt == "K.\n\n[A reef broke Sam's boat.]\nSam: The reef?\nMira: Aye.\nSam: Why?\nMira:"


def test_the_next_turns_prompt_begins_with_this_one_up_to_the_reply(ask):
    persona = {
        "greetings": ("Mind the hooks.",),
        "examples": ((Turn(Speaker.USER, "Busy?"), Turn(Speaker.CHARACTER, "Always.")),),
        "lore": [
            LoreEntry(content="The reef is old.", keys=("reef",)),
            LoreEntry(content="Gulls lie.", keys=("gull",)),
            LoreEntry(content="Hooks rust.", keys=("hooks",)),
            LoreEntry(content="It is winter.", is_constant=True, place=Place.BEFORE),
        ],
    }
    history = [
        says("character", "Mind the hooks."),
        says("user", "The reef?"),
        says("character", "Ask the gulls."),
        says("user", "Which gull?"),
        says("character", "The reef's."),
        says("user", "Oh."),
    ]

    prompts = [ask(*history[:n], **persona) for n in (2, 4, 6)]

    assert prompts[1].startswith(prompts[0] + " Ask the gulls.\n[Gulls lie.]\nSam: Which gull?\n")
    assert prompts[2].startswith(prompts[1] + " The reef's.\nSam: Oh.\n")
    assert "[Hooks rust.]\n[The reef is old.]\nSam: The reef?\n" in prompts[0]


def test_constant_lore_stands_around_the_description_in_own_templates_too(ask):
    lore = [
        LoreEntry(content="Before.", is_constant=True, place=Place.BEFORE),
        LoreEntry(content="After.", is_constant=True, place=Place.AFTER),
    ]
    template = {"prompt": "<@{persona}>", "character": "${message}", "user": "${message}"}

    assert ask(lore=lore, description="D.") == "K.\n\nBefore.\n\nD.\n\nAfter.\n\nMira:"
    own = ask(lore=lore, description="D.", body={"promptTemplate": template})
    assert own == "<Before.\n\nD.\n\nAfter.>Mira:"


def test_lore_at_a_depth_and_the_text_after_the_history_stand_near_the_end(ask):
    lore = [LoreEntry(content="Deep.", is_constant=True, place=Place.DEPTH, depth=1)]
    history = [says("user", "a"), says("character", "b"), says("user", "c")]

    prompt = ask(*history, lore=lore, after_history="Be brief, {{char}}.")

    assert prompt == "K.\n\nSam: a\nMira: b\n[Deep.]\nSam: c\n[Be brief, Mira.]\nMira:"


def test_what_no_message_has_a_place_for_stands_in_the_introduction(ask):
    assert ask(says("character", "b"), after_history="Be brief.") == "K.\n\n[Be brief.]\n\nMira: b\nMira:"


def test_the_lores_budget_is_kept(ask):
    lore = [LoreEntry(content=f"{n}" * 20, keys=("reef",), order=n) for n in range(5)]

    prompt = ask(says("user", "reef"), lore=lore, book={"token_budget": 50})

    assert prompt == f"K.\n\n[{'0' * 20}\n{'1' * 20}]\nSam: reef\nMira:"


def test_old_messages_make_place_for_lore_and_the_newest_never_does(ask):
    lore = [LoreEntry(content="x" * 400, keys=("reef",))]
    old = [says("user", f"old {n:03}") for n in range(300)]

    with_lore = ask(*old, says("user", "reef"), lore=lore)
    without_room = ask(*old, says("user", "reef" + "y" * 1900), lore=lore)

    assert "x" * 400 in with_lore
    assert with_lore.count("old") > 50
    assert "xx" not in without_room
    assert "Sam: reefy" in without_room
    assert len(with_lore) + 1 <= 2048 - 20


def test_lore_and_all_else_is_counted_in_one_call_and_the_whole_once_more(ask, door):
    lore = [LoreEntry(content="R.", keys=("reef",)), LoreEntry(content="never", keys=("never said",))]

    ask(says("user", "reef"), lore=lore, after_history="A.", description="D.")

    parts, whole = door.counts
    assert parts == ["", "K.\n\nD.\n\nMira:", "Sam: reef\n", "A.", "R."]
    assert len(whole) == 1


def test_a_nickname_is_what_the_character_is_called(ask):
    prompt = ask(says("character", "Aye."), description="{{char}} mends.", nickname="Mi")

    assert prompt == "K.\n\nMi mends.\n\nMi: Aye.\nMi:"


def test_placeholders_tell_the_day(ask):
    days = {f"{dt.datetime.now().astimezone():%Y-%m-%d}"}
    prompt = ask(description="It is {{isodate}}.")
    days.add(f"{dt.datetime.now().astimezone():%Y-%m-%d}")

    assert prompt in {f"K.\n\nIt is {day}.\n\nMira:" for day in days}


def test_choices_follow_the_seed(ask):
    numbers = "{{random:" + ",".join(map(str, range(999))) + "}}"

    prompts = [
        ask(description=numbers, body={"genParams": {"max_new_tokens": 9, "seed": seed}})
        for seed in (1, 1, 2, 3, 4)
    ]

    assert prompts[0] == prompts[1]
    assert len(set(prompts)) > 2


def test_prefixes_begin_turns_and_open_and_end_the_answer(ask, door):
    prompt = ask(says("user", "Hi"), user_prefix="### {{user}}:", character_prefix="### {{char}} (gruffly): ")

    assert prompt == "K.\n\n### Sam: Hi\n### Mira (gruffly):"
    assert door.requests[-1].stop == ("\nSam:", "\n### Sam:")


def test_no_prefix_is_no_prefix(ask):
    assert ask(says("user", "Hi"), user_prefix="", character_prefix="") == "K.\n\nHi\n"


def test_another_greeting_is_asked_for_by_its_number(ask):
    greetings = ("Mind the hooks, {{user}}.", "You again, {{user}}.")
    template = {"prompt": "<@{greeting}>${chat}", "character": "${message}", "user": "${message}"}

    assert ask(greetings=greetings, body={"greeting": 1}) == "K.\n\nMira: You again, Sam.\nMira:"
    own = ask(says("user", "Hi"), greetings=greetings, body={"greeting": 1, "promptTemplate": template})
    assert own == "<You again, Sam.>Hi\nMira:"


@pytest.mark.parametrize("number", [-1, 1, True, "first", 0.5])
def test_a_greeting_that_is_none_is_refused(door, refused, number):
    client = Client(door, characters=FakeCharacters(Persona(name="Mira", greetings=("Hm.",))))
    body = {"userName": "Sam", "genParams": {"max_new_tokens": 9}, "character": "mira", "greeting": number}

    refused(client.post("/chat", body), "Field 'greeting'", "has 1")


def test_a_bodys_own_character_may_use_the_key_as_it_likes(client, make_body, door):
    body = make_body(promptTemplate__prompt="&{greeting} ", greeting=["a", 1])

    assert client.post("/chat", body).status_code == 200
    assert door.requests[-1].prompt == ["[a,1] Wren:"]


def test_a_characters_texts_are_no_templates(ask):
    text = "@{system} &{userName} ${chat} ${@persona}"

    prompt = ask(says("user", "Hi"), description=text, body={"chatHistory": [says("user", text)]})

    assert prompt == f"K.\n\n{text}\n\nSam: {text}\nMira:"


def test_templates_that_make_too_long_a_prompt_are_refused(door, refused):
    client = Client(door, characters=FakeCharacters(Persona(name="Mira", description="d" * 1000)))
    template = {"prompt": "@{persona}" * 5000, "character": "", "user": ""}
    body = {"userName": "Sam", "genParams": {"max_new_tokens": 9}, "character": "mira"}

    refused(client.post("/chat", {**body, "promptTemplate": template}), "'promptTemplate.prompt'", "521984")
