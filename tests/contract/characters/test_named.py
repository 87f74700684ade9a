"""POST /chat with a character of the server's folder."""

import pytest

from corral.prompt.persona import Persona, PersonaSampling, Speaker, Turn
from tests.contract.conftest import Client
from tests.fake_characters import FakeCharacters

MIRA = Persona(
    name="Mira",
    description="{{char}} mends nets.",
    personality="Patient with {{user}}.",
    greetings=("Mind the hooks, {{user}}.",),
    examples=((Turn(Speaker.USER, "Busy?"), Turn(Speaker.CHARACTER, "Always, {{user}}.")),),
    stop=("THE END", "\n{{char}} out"),
    sampling=PersonaSampling(temperature=0.25, repeat_penalty=1.05, repeat_last_n=40),
    emotions=("calm", "cross"),
)
BODY = {"userName": "Sam", "genParams": {"max_new_tokens": 20}, "character": "mira"}


@pytest.fixture
def client(door):
    return Client(door, characters=FakeCharacters(MIRA, Persona(name="Bo")))


def test_a_name_is_enough(client, door):
    door.likely = "cross"

    reply = client.post("/chat", BODY)

    assert reply.text == '{"emotion":"cross","message":"Hello!"}'
    (prompt,) = door.requests[-1].prompt
    assert prompt == (
        "You are Mira, talking with Sam. Stay in character; write only what Mira says and does.\n\n"
        "Mira mends nets.\n\nPersonality: Patient with Sam.\n\n"
        "How Mira talks, for example:\nSam: Busy?\nMira: Always, Sam.\n\n"
        "Mira: Mind the hooks, Sam.\nMira:"
    )


def test_a_history_takes_the_place_of_the_greeting(client, door):
    client.post("/chat", {**BODY, "chatHistory": [{"chatType": "user", "message": "Ahoy {{char}}"}]})

    assert door.requests[-1].prompt[0].endswith("Always, Sam.\n\nSam: Ahoy {{char}}\nMira:")


def test_own_templates_may_tell_the_character(client, door):
    template = {"prompt": "<@{persona}>@{greeting}|", "character": "${message}", "user": "${message}"}

    client.post("/chat", {**BODY, "promptTemplate": template})

    assert door.requests[-1].prompt == [
        "<Mira mends nets.\n\nPersonality: Patient with Sam.>Mind the hooks, Sam.|Mira:"
    ]


def test_the_characters_sampling_and_stops_count_where_the_body_is_silent(client, door, sampling_of):
    client.post("/chat", {**BODY, "genParams": {"max_new_tokens": 20, "repetition_penalty_max": 1.3}})

    sampling = sampling_of()
    assert [sampling[name] for name in ("temperature", "repeat_penalty", "top_k")] == [0.25, 1.3, 20]
    assert (sampling["repeat_sustain"], sampling["repeat_decay"]) == (40, 0)
    assert door.requests[-1].stop == ("\nSam:", "THE END", "\nMira out")


def test_a_character_of_a_name_only_is_a_character(client, door):
    assert client.post("/chat", {**BODY, "character": "bo"}).json() == {"message": "Hello!"}
    (prompt,) = door.requests[-1].prompt
    assert prompt.startswith("You are Bo, talking with Sam. ")
    assert prompt.endswith("says and does.\n\nBo:")


def test_an_unknown_character_is_404_and_names_those_there_are(client, refused, door):
    refused(client.post("/chat", {**BODY, "character": "nobody"}), "'nobody'", "bo, mira", status=404)
    assert door.requests == []


def test_what_else_is_needed_is_missed_by_its_name(client, refused):
    refused(client.post("/chat", {"character": "mira", "userName": "Sam"}), "Field 'genParams'")
    refused(
        client.post("/chat", {**BODY, "promptTemplate": {"prompt": "a"}}), "Field 'promptTemplate.character'"
    )


def test_the_folder_is_looked_at_before(client):
    client.post("/chat", BODY)

    assert client.characters.n_looks == 1
