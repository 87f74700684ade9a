"""POST /chat: the rows of the body, and what is refused."""

import pytest

from tests.contract.characters.conftest import BODY, PROMPT


def test_the_example_of_the_original_is_answered_with_emotion_and_message(client, door):
    door.likely = "happy"

    reply = client.post("/chat", BODY)

    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.text == '{"emotion":"happy","message":"Hello!"}'
    assert door.requests[-1].prompt == [PROMPT]


@pytest.mark.parametrize(
    "path",
    [
        "userName",
        "genParams",
        "genParams.max_new_tokens",
        "character",
        "character.charName",
        "character.persona",
        "character.greeting",
        "character.chatExample",
        "promptTemplate",
        "promptTemplate.prompt",
        "promptTemplate.character",
        "promptTemplate.user",
        "chatHistory",
    ],
)
def test_every_required_key_is_missed_by_its_name(client, refused, make_body, door, path):
    refused(
        client.post("/chat", make_body(**{path.replace(".", "__"): ...})), f"Field '{path}': it is required"
    )
    assert door.requests == []


@pytest.mark.parametrize("name", ["chatType", "message"])
def test_a_message_needs_its_two_keys(client, refused, make_body, name):
    half = {key: "user" for key in ("chatType", "message") if key != name}

    refused(
        client.post("/chat", make_body(chatHistory=[half])), f"Field 'chatHistory[0].{name}': it is required"
    )
    refused(
        client.post("/chat", make_body(character__chatExample=[half])),
        f"Field 'character.chatExample[0].{name}': it is required",
    )


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("userName", 1, "userName"),
        ("userName", "n" * 257, "userName"),
        ("genParams", [], "genParams"),
        ("genParams__max_new_tokens", "many", "genParams.max_new_tokens"),
        ("character", ["Wren"], "character"),
        ("character__charName", None, "character.charName"),
        ("character__charName", "n" * 257, "character.charName"),
        ("character__emotions", "happy", "character.emotions"),
        ("character__emotions", ["happy", 1], "character.emotions[1]"),
        ("character__chatExample", {}, "character.chatExample"),
        ("promptTemplate__user", 7, "promptTemplate.user"),
        ("chatHistory", "none", "chatHistory"),
        ("chatHistory", ["Hello"], "chatHistory[0]"),
        ("chatHistory", [{"chatType": "user", "message": None}], "chatHistory[0].message"),
        ("chatHistory", [{"chatType": "ghost", "message": "Boo"}], "chatHistory[0].chatType"),
        ("stream", "yes", "stream"),
        ("emotionScores", 1, "emotionScores"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(post, refused, path, value, field):
    refused(post(**{path: value}), f"Field '{field}'")


def test_an_example_without_a_template_is_named_by_its_path(post, refused):
    example = [{"chatType": "system", "message": "Fog."}]

    reply = post(promptTemplate__system=..., character__chatExample=example)

    refused(reply, "Field 'character.chatExample[0].chatType': promptTemplate has no text 'system'")


@pytest.mark.parametrize("template", [5, None, ["a"]])
def test_a_template_that_is_no_text_is_named(post, refused, template):
    history = [{"chatType": "system", "message": "Fog."}]

    reply = post(promptTemplate__system=template, chatHistory=history)

    refused(reply, "Field 'promptTemplate.system': expected a text")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_new_tokens", 0),
        ("max_new_tokens", 2.5),
        ("min_length", -1),
        ("max_length", 1.5),
        ("temperature", -0.1),
        ("temperature", 1001),
        ("top_p", 1.1),
        ("min_p", -1),
        ("top_k", -1),
        ("top_k", 2**40),
        ("token_repetition_penalty_max", 0),
        ("repetition_penalty_max", 1e9),
        ("token_repetition_penalty_sustain", -2),
        ("repetition_penalty_sustain", 0.5),
        ("repetition_penalty_decay", -1),
        ("beams", 0),
        ("beam_length", 2.5),
        ("seed", 2**32),
        ("stop", [1]),
        ("stop", ["x"] * 300),
    ],
)
def test_an_option_out_of_its_range_is_named(post, refused, door, name, value):
    reply = post(genParams={"max_new_tokens": 9, name: value})

    refused(reply, f"Field 'genParams.{name}")
    assert door.requests == []


@pytest.mark.parametrize("name", ["beams", "beam_length"])
def test_beam_search_is_refused(client, refused, make_body, name):
    refused(client.post("/chat", make_body(**{f"genParams__{name}": 2})), f"'genParams.{name}': beam search")


@pytest.mark.parametrize("name", ["max", "sustain", "decay"])
def test_two_spellings_that_differ_are_refused(client, refused, make_body, name):
    long, short = f"token_repetition_penalty_{name}", f"repetition_penalty_{name}"

    refused(client.post("/chat", make_body(genParams={"max_new_tokens": 9, long: 2, short: 3})), long, short)


def test_an_answer_as_long_as_the_context_is_refused_with_figures(client, refused, make_body):
    reply = client.post("/chat", make_body(genParams__max_new_tokens=2048))

    refused(reply, "'genParams.max_new_tokens': 2048", "2048 tokens")


def test_a_bare_prompt_that_has_no_room_is_refused_with_figures(client, refused, make_body):
    reply = client.post("/chat", make_body(character__persona="p" * 2000))

    refused(reply, "'promptTemplate.prompt': it has 2024 tokens", "leaves 1948")


def test_templates_that_grow_for_ever_are_refused_by_their_key(client, refused, make_body):
    chain = {f"k{n}": f"@{{k{n + 1}}}@{{k{n + 1}}}" for n in range(50)}
    character = {**BODY["character"], **chain, "persona": "@{k0}"}

    refused(client.post("/chat", make_body(character=character)), "Field 'character.k")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_it_is_only_posted_to(client, refused, method):
    refused(client.call(method, "/chat"), status=404)
