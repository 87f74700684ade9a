"""`model@character` in every chat dialect: who speaks, how, and what the answer says of it."""

import msgspec
import pytest

from corral.core.settings import GenerationDefaults, RemoteSettings, ServerSettings, Settings
from corral.prompt.lorebook.book import Lorebook, LoreEntry
from corral.prompt.persona import Persona, PersonaSampling
from tests.contract.conftest import PLAIN, Client, FakeDoor
from tests.fake_characters import FakeCharacters

MIRA = Persona(
    name="Mira",
    description="{{char}} keeps the lighthouse. {{user}} is new here.",
    greetings=("The lamp is lit.",),
    stop=("\n{{user}}:", "THE END"),
    sampling=PersonaSampling(temperature=0.25, top_k=7, repeat_penalty=1.5, max_tokens=33),
    user_name="Stranger",
)
SAID = "who is there"
CHAT = {"messages": [{"role": "user", "content": SAID}]}
BODIES = {
    "/v1/chat/completions": CHAT,
    "/chat/completions": CHAT,
    "/api/chat": CHAT,
    "/v1/responses": {"input": SAID},
    "/v1/messages": CHAT,
}
COUNTS = {
    "/v1/chat/completions/input_tokens": CHAT,
    "/v1/responses/input_tokens": {"input": SAID},
    "/v1/messages/count_tokens": CHAT,
}
NO_CHATS = {
    "/completion": {"prompt": "a"},
    "/v1/completions": {"prompt": "a"},
    "/infill": {"input_prefix": "a", "input_suffix": "b"},
    "/tokenize": {"content": "a"},
}


@pytest.fixture
def two():
    """Serve the models `tiny`, the default, and `other`, and the character `mira`."""
    doors = [FakeDoor("tiny"), FakeDoor("other")]
    for door in doors:
        door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=PLAIN)
    client = Client(*doors, characters=FakeCharacters(MIRA))
    client.models.default = "tiny"
    client.tiny, client.other = doors
    return client


@pytest.fixture
def one():
    """Serve one model, which every name means, and the character `mira`."""
    door = FakeDoor()
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=PLAIN)
    client = Client(door, characters=FakeCharacters(MIRA))
    client.tiny = door
    return client


def prompt_of(door):
    return "".join(piece for piece in door.requests[-1].prompt if isinstance(piece, str))


@pytest.mark.parametrize("path", BODIES)
def test_the_model_speaks_as_the_character(two, path):
    reply = two.post(path, {**BODIES[path], "model": "other@mira"})

    assert reply.status_code == 200, reply.text
    assert reply.json()["model"] == "other@mira"
    prompt = prompt_of(two.other)
    system, greeting, said = prompt.split("<")[1:4]
    assert "Mira keeps the lighthouse. Stranger is new here." in system
    assert "The lamp is lit." in greeting
    assert said == f"user>{SAID}"


@pytest.mark.parametrize("path", BODIES)
def test_without_a_model_it_is_the_default_one(two, path):
    reply = two.post(path, {**BODIES[path], "model": "@mira"})

    assert reply.json()["model"] == "@mira"
    assert "lighthouse" in prompt_of(two.tiny)


@pytest.mark.parametrize("path", BODIES)
def test_the_only_model_speaks_as_the_character_whatever_it_is_called(one, path):
    assert one.post(path, {**BODIES[path], "model": "gpt-4@mira"}).status_code == 200

    assert "lighthouse" in prompt_of(one.tiny)


@pytest.mark.parametrize("path", BODIES)
def test_a_stream_says_what_the_request_named(two, path):
    reply = two.post(path, {**BODIES[path], "model": "tiny@mira", "stream": True})

    assert reply.status_code == 200, reply.text
    assert '"model":"tiny@mira"' in reply.text
    assert "lighthouse" in prompt_of(two.tiny)


def test_the_oldest_dialect_speaks_as_the_character_too(two):
    body = {"model": "other@mira", "messages": [{"role": "user", "content": SAID}]}

    reply = two.call("PUT", "/put/text", json=body)

    assert reply.status_code == 200, reply.text
    assert "Mira keeps the lighthouse. Stranger is new here." in prompt_of(two.other)


@pytest.mark.parametrize("path", COUNTS)
def test_tokens_are_counted_with_the_character(two, path):
    alone = two.post(path, {**COUNTS[path], "model": "tiny"}).json()["input_tokens"]
    reply = two.post(path, {**COUNTS[path], "model": "tiny@mira"})

    assert reply.json()["input_tokens"] > alone + len(MIRA.description)


def test_the_prompt_is_shown_with_the_character(two):
    shown = two.post("/apply-template", {**CHAT, "model": "@mira"}).json()["prompt"]

    assert "Mira keeps the lighthouse" in shown
    assert shown.endswith(f"<user>{SAID}<assistant>")


def test_the_path_of_an_engine_may_name_a_character(two):
    assert two.post("/v1/engines/other@mira/chat/completions", CHAT).status_code == 200
    assert "lighthouse" in prompt_of(two.other)


@pytest.mark.parametrize("path", BODIES)
def test_the_character_s_sampling_counts_where_the_request_says_nothing(two, path):
    two.post(path, {**BODIES[path], "model": "@mira", "temperature": 0.75})

    request = two.tiny.requests[-1]
    sampling = request.sampling
    assert (sampling.temperature, sampling.top_k) == (0.75, 7)
    assert sampling.repeat_penalty == pytest.approx(1.5)
    assert request.max_tokens == 33


def test_a_limit_of_the_request_goes_before_the_character_s(two):
    two.post("/v1/messages", {**CHAT, "model": "@mira", "max_tokens": 5})
    two.post("/v1/chat/completions", {**CHAT, "model": "@mira", "max_completion_tokens": 6})

    assert [request.max_tokens for request in two.tiny.requests] == [5, 6]


@pytest.mark.parametrize(
    ("given", "stops"),
    [
        (None, ("\nStranger:", "THE END")),
        ("x", ("x", "\nStranger:", "THE END")),
        (["THE END", "y"], ("THE END", "y", "\nStranger:")),
    ],
)
def test_the_character_s_stops_are_added(two, given, stops):
    two.post("/v1/chat/completions", {**CHAT, "model": "@mira", "stop": given})

    assert two.tiny.requests[-1].stop == stops


def test_the_server_s_own_stops_stay_where_the_request_has_none():
    door = FakeDoor()
    client = Client(door, characters=FakeCharacters(MIRA), generation=GenerationDefaults(stop=("HALT",)))

    client.post("/v1/chat/completions", {**CHAT, "model": "@mira"})
    client.post("/v1/chat/completions", {**CHAT, "model": "@mira", "stop": "x"})

    assert [request.stop[0] for request in door.requests] == ["HALT", "x"]
    assert "THE END" in door.requests[0].stop


def test_a_nickname_is_what_the_character_is_called_by(two):
    two.characters.personas["mira"] = msgspec.structs.replace(MIRA, nickname="Mi")

    two.post("/v1/chat/completions", {**CHAT, "model": "@mira"})

    assert "Mi keeps the lighthouse." in prompt_of(two.tiny)


def test_a_user_s_name_is_one_short_line(two):
    two.post("/v1/chat/completions", {**CHAT, "model": "@mira", "user": "A\n\nb" + "c" * 9000})

    assert f"A b{'c' * 196} is new here." in prompt_of(two.tiny)


def test_a_long_lorebook_is_looked_through_like_a_short_one(two):
    entries = [LoreEntry(keys=(f"w{n}",), content=f"lore {n}.", is_whole_word=True) for n in range(150)]
    persona = msgspec.structs.replace(MIRA, lorebook=Lorebook(entries=tuple(entries)))
    two.characters.personas["mira"] = persona
    messages = [{"role": "user", "content": "what of w149 then"}]

    two.post("/v1/chat/completions", {"messages": messages, "model": "@mira"})

    assert "lore 149." in prompt_of(two.tiny)
    assert "lore 1." not in prompt_of(two.tiny)


def test_of_too_many_stops_the_request_s_are_kept(two):
    own = [f"s{n}" for n in range(256)]

    assert two.post("/v1/chat/completions", {**CHAT, "model": "@mira", "stop": own}).status_code == 200
    assert two.tiny.requests[-1].stop == tuple(own)


@pytest.mark.parametrize(
    ("fields", "name", "expected"),
    [
        ({}, None, "Stranger"),
        ({"user": "Ada"}, None, "Ada"),
        ({}, "Bo", "Bo"),
        ({"user": "Ada"}, "Bo", "Bo"),
        ({"user": ""}, "", "Stranger"),
    ],
)
def test_the_user_is_called_as_the_request_says(two, fields, name, expected):
    message = {"role": "user", "content": SAID} | ({} if name is None else {"name": name})
    two.post("/v1/chat/completions", {"messages": [message], "model": "@mira", **fields})

    assert f"{expected} is new here." in prompt_of(two.tiny)


def test_a_system_text_of_the_client_s_is_kept(two):
    messages = [{"role": "system", "content": "It is night."}, *CHAT["messages"]]

    two.post("/v1/chat/completions", {"messages": messages, "model": "@mira"})

    prompt = prompt_of(two.tiny)
    assert prompt.count("<system>") == 1
    assert "lighthouse" in prompt
    assert "It is night." in prompt


def test_all_texts_are_counted_in_one_call(two):
    turns = [{"role": role, "content": f"{role} {n}"} for n in range(9) for role in ("user", "assistant")]

    two.post("/v1/chat/completions", {"messages": [*turns, *CHAT["messages"]], "model": "@mira"})

    assert len(two.tiny.counts) == 1
    assert {"user 0", "assistant 8", SAID} <= set(two.tiny.counts[0])


def test_what_no_longer_fits_is_left_out_from_the_oldest_on(two):
    turns = [
        {"role": role, "content": f"turn {n} " + "x" * 200}
        for n in range(10)
        for role in ("user", "assistant")
    ]

    two.post("/v1/chat/completions", {"messages": [*turns, *CHAT["messages"]], "model": "@mira"})

    prompt = prompt_of(two.tiny)
    assert len(prompt) < two.tiny.model_facts.n_ctx
    assert "turn 0 " not in prompt
    assert "turn 9 " in prompt
    assert "lighthouse" in prompt


@pytest.mark.parametrize("path", BODIES)
def test_a_character_that_is_larger_than_the_context_is_refused(two, path):
    two.tiny.model_facts = msgspec.structs.replace(two.tiny.model_facts, n_ctx=64)

    reply = two.post(path, {**BODIES[path], "model": "@mira", "max_tokens": 8})

    assert reply.status_code == 400
    assert (
        "the character 'Mira' and the newest message have 179 tokens, the model's context has 64"
        in reply.text
    )
    assert two.tiny.requests == []


def test_tokens_of_a_character_that_is_too_large_are_counted(two):
    two.tiny.model_facts = msgspec.structs.replace(two.tiny.model_facts, n_ctx=64)

    reply = two.post("/v1/messages/count_tokens", {**CHAT, "model": "@mira"})

    assert reply.json()["input_tokens"] > 64


def test_the_prompt_that_a_template_makes_is_what_has_to_fit(two):
    wide = PLAIN.replace("<{{ m.role }}>", "<{{ m.role }}>" + 200 * "~")
    two.tiny.model_facts = msgspec.structs.replace(two.tiny.model_facts, chat_template=wide)
    turns = [{"role": role, "content": f"{role} {n}"} for n in range(9) for role in ("user", "assistant")]

    two.post(
        "/v1/chat/completions", {"messages": [*turns, *CHAT["messages"]], "model": "@mira", "max_tokens": 1}
    )

    prompt = prompt_of(two.tiny)
    assert len(prompt) < two.tiny.model_facts.n_ctx
    assert "lighthouse" in prompt
    assert SAID in prompt
    assert "user 0" not in prompt


def test_a_negative_prompt_replaces_the_character_s_system_text(two):
    body = {**CHAT, "model": "@mira", "negative_prompt": "Be dull.", "guidance_scale": 2}

    assert two.post("/v1/chat/completions", body).status_code == 200

    negative = "".join(two.tiny.requests[-1].guidance.negative)
    assert "Be dull." in negative
    assert "lighthouse" not in negative
    assert SAID in negative


@pytest.mark.parametrize("path", [*BODIES, *COUNTS])
@pytest.mark.parametrize("model", ["tiny@bo", "@bo", "other@", "tiny@Mira@x"])
def test_an_unknown_character_is_refused_with_those_that_there_are(two, one, path, model):
    body = {**BODIES, **COUNTS}[path]

    for client in (two, one):
        reply = client.post(path, {**body, "model": model})
        if client is two and model == "tiny@Mira@x":
            assert reply.status_code == 404  # there is no model "tiny@Mira" either
            continue
        assert reply.status_code == 404
        assert "there are mira" in reply.text


def test_an_unknown_model_before_a_character_is_refused_with_the_models(two):
    reply = two.post("/v1/chat/completions", {**CHAT, "model": "huge@mira"})

    assert reply.status_code == 404
    assert "tiny, other" in reply.text


def test_a_model_of_just_that_name_goes_before_a_character():
    door = FakeDoor("big@mira")
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=PLAIN)
    client = Client(door, FakeDoor("big"), characters=FakeCharacters(MIRA))

    assert client.post("/v1/chat/completions", {**CHAT, "model": "big@mira"}).status_code == 200
    assert "lighthouse" not in prompt_of(door)


def test_where_there_are_no_characters_a_name_is_a_model_s(many, client, door):
    assert many.post("/v1/chat/completions", {**CHAT, "model": "tiny@mira"}).status_code == 404
    assert client.post("/v1/chat/completions", {**CHAT, "model": "user@host"}).status_code == 200
    assert door.requests[-1].max_tokens is None


def test_where_there_are_no_characters_a_name_that_begins_with_at_is_nobody_s(many, client):
    for server in (many, client):
        reply = server.post("/v1/chat/completions", {**CHAT, "model": "@mira"})

        assert reply.status_code == 404
        assert "There is no character 'mira'" in reply.text


@pytest.mark.parametrize("path", NO_CHATS)
def test_where_nobody_chats_a_character_is_refused(two, one, path):
    for client in (two, one):
        reply = client.post(path, {**NO_CHATS[path], "model": "tiny@mira"})

        assert reply.status_code == 400
        assert "does not speak as a character, here 'Mira'" in reply.text


def test_the_character_of_a_model_elsewhere_is_refused(two):
    elsewhere = Settings(remote=RemoteSettings(base_url="http://127.0.0.1:9/v1"))
    two.models.own_settings["other"] = elsewhere

    reply = two.post("/v1/chat/completions", {**CHAT, "model": "other@mira"})

    assert reply.status_code == 501
    assert "this server runs itself" in reply.text


def test_a_body_that_is_none_is_refused_as_ever(one):
    reply = one.post("/v1/chat/completions", content=b'{"model": "tiny@mira", ')

    assert reply.status_code == 400


def test_a_body_without_an_at_costs_no_look_at_the_folder(one):
    one.post("/v1/chat/completions", {**CHAT, "model": "tiny"})

    assert one.characters.n_looks == 0


def test_characters_are_listed_with_what_a_page_shows(two):
    two.characters.broken = {"bo.yaml": "line 3: no name"}

    reply = two.get("/characters").json()

    (mira,) = reply["characters"]
    assert (mira["name"], mira["title"], mira["greeting"]) == ("mira", "Mira", "The lamp is lit.")
    assert mira["emotions"] == []
    assert reply["complaints"] == [{"file": "bo.yaml", "reason": "line 3: no name"}]


def test_one_character_is_told_with_all_that_it_says(two):
    reply = two.get("/characters/mira").json()

    assert reply["persona"]["stop"] == ["\n{{user}}:", "THE END"]
    assert reply["persona"]["sampling"]["temperature"] == 0.25
    assert two.get("/characters/bo").status_code == 404


def test_characters_ask_for_a_key():
    server = ServerSettings(api_keys=("sesame",))
    client = Client(FakeDoor(), characters=FakeCharacters(MIRA), server=server)

    assert client.get("/characters").status_code == 401
    assert client.get("/characters", headers={"authorization": "Bearer sesame"}).status_code == 200
