"""Anthropic's messages: chats in, whole messages out, and what is refused."""

from __future__ import annotations

import base64
import io

import msgspec
import pytest
from PIL import Image

from corral.core.outcome import FinishReason
from corral.core.request import Media
from corral.core.settings import ServerSettings
from corral.core.structure import StructureKind
from tests.contract.conftest import PLAIN

PATH = "/v1/messages"
COUNT = "/v1/messages/count_tokens"
CHAT = {"max_tokens": 16, "messages": [{"role": "user", "content": "hi"}]}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"name": "weather", "description": "d", "input_schema": SCHEMA}, {"name": "time"}]


def prompt_of(door):
    (prompt,) = door.requests[-1].prompt
    return prompt


def user(*blocks):
    return {**CHAT, "messages": [{"role": "user", "content": list(blocks)}]}


def text(words):
    return {"type": "text", "text": words}


def test_a_message_has_anthropics_shape(client):
    reply = client.post(PATH, {**CHAT, "model": "claude"})

    message = reply.json()
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert message.pop("id").startswith("msg_")
    assert message == {
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "text", "text": "Hello!"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"cache_read_input_tokens": 2, "input_tokens": 5, "output_tokens": 3},
    }


def test_without_a_name_the_model_is_the_servers(client):
    assert client.post(PATH, CHAT).json()["model"] == "tiny"


def test_the_options_reach_the_engine(client, door, sampling_of):
    options = {"temperature": 0.5, "top_p": 0.25, "top_k": 7, "stop_sequences": ["END", "\n"]}

    client.post(PATH, {**CHAT, **options, "metadata": {"user_id": "u"}})

    sampling = sampling_of()
    assert (sampling["temperature"], sampling["top_p"], sampling["top_k"]) == (0.5, 0.25, 7)
    assert door.requests[0].stop == ("END", "\n")
    assert door.requests[0].max_tokens == 16


def test_an_answer_without_a_limit_ends_after_4096_tokens(client, door):
    client.post(PATH, {"messages": CHAT["messages"]})

    assert door.requests[0].max_tokens == 4096


@pytest.mark.parametrize(
    ("reason", "stop_text", "told"),
    [
        (FinishReason.EOS, "", ("end_turn", None)),
        (FinishReason.LENGTH, "", ("max_tokens", None)),
        (FinishReason.STOP, "END", ("stop_sequence", "END")),
        (FinishReason.STOP, "the server's", ("end_turn", None)),
    ],
)
def test_the_reason_of_the_end_is_told(client, door, reason, stop_text, told):
    door.reason, door.stop_text = reason, stop_text

    message = client.post(PATH, {**CHAT, "stop_sequences": ["END"]}).json()

    assert (message["stop_reason"], message["stop_sequence"]) == told


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("system", ["Be kind.", [text("Be "), text("kind.")]])
def test_the_system_text_comes_first(client, door, system):
    client.post(PATH, {**CHAT, "system": system})

    assert prompt_of(door) == "<system>Be kind.<user>hi<assistant>"


@pytest.mark.usefixtures("plain")
def test_a_stamp_that_changes_with_each_request_is_made_the_same(client, door):
    for stamp in ("a5145", "00000"):
        client.post(PATH, {**CHAT, "system": f"x-anthropic-billing-header: v=2; cch={stamp};You are it."})

    first, second = (request.prompt for request in door.requests)
    assert (
        first
        == second
        == ["<system>x-anthropic-billing-header: v=2; cch=fffff;You are it.<user>hi<assistant>"]
    )


@pytest.mark.usefixtures("plain")
def test_texts_of_a_turn_are_joined_by_a_newline(client, door):
    client.post(PATH, user(text("What is"), text("the answer?")))

    assert prompt_of(door) == "<user>What is\nthe answer?<assistant>"


@pytest.mark.usefixtures("plain")
def test_thoughts_calls_and_results_become_turns(client, door):
    said = [
        {"type": "thinking", "thinking": "Hm.", "signature": "x"},
        {"type": "redacted_thinking", "data": "secret"},
        text("Wait."),
        {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}},
    ]
    results = [
        {"type": "tool_result", "tool_use_id": "t1", "content": [text("Sun"), text("ny")]},
        {"type": "tool_result", "tool_use_id": "t2", "content": "Late", "is_error": True},
        {"type": "tool_result", "tool_use_id": "t3"},
        text("See."),
    ]
    turns = [{"role": "assistant", "content": said}, {"role": "user", "content": results}]

    client.post(PATH, {**CHAT, "messages": [*CHAT["messages"], *turns]})

    assert prompt_of(door) == (
        "<user>hi<assistant>Wait.(Hm.)<tool_call>weather"
        '{"city": "Oslo"}</tool_call>'
        "<user>See.<tool>Sunny#t1<tool>Late#t2<tool>#t3<assistant>"
    )


@pytest.mark.usefixtures("plain")
def test_a_chat_without_messages_is_only_the_opening_of_the_answer(client, door):
    assert client.post(PATH, {**CHAT, "messages": []}).status_code == 200
    assert prompt_of(door) == "<assistant>"


@pytest.mark.usefixtures("plain")
def test_tools_are_offered_and_a_call_comes_back(client, door):
    door.texts = ["Wait.", '<tool_call>{"name": "weather", "arg', 'uments": {"city": "Oslo"}}</tool_call>']

    message = client.post(PATH, {**CHAT, "tools": TOOLS}).json()

    said, call = message["content"]
    assert prompt_of(door) == "<user>hiweather;time;<assistant>"
    assert said == text("Wait.")
    assert call.pop("id")
    assert call == {"type": "tool_use", "name": "weather", "input": {"city": "Oslo"}}
    assert message["stop_reason"] == "tool_use"


@pytest.mark.usefixtures("plain")
def test_a_call_that_was_cut_off_has_no_input(client, door):
    door.texts, door.reason = ['<tool_call>{"name": "weather", "arguments": {"ci'], FinishReason.LENGTH

    message = client.post(PATH, {**CHAT, "tools": TOOLS}).json()

    assert message["content"][0]["input"] == {}
    assert message["stop_reason"] == "max_tokens"


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ({"type": "any"}, ["weather", "time"]),
        ({"type": "tool", "name": "time"}, ["time"]),
    ],
)
def test_a_call_may_be_required(client, door, choice, names):
    client.post(PATH, {**CHAT, "tools": TOOLS, "tool_choice": choice})

    structure = door.requests[0].structure
    assert structure.kind is StructureKind.JSON_SCHEMA
    assert [name for name in ("weather", "time") if f'"const":"{name}"' in structure.text] == names
    assert prompt_of(door).endswith("<tool_call>")


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(("choice", "is_offered"), [({"type": "auto"}, True), ({"type": "none"}, False)])
def test_a_call_is_left_to_the_model_or_not_offered(client, door, choice, is_offered):
    client.post(PATH, {**CHAT, "tools": TOOLS, "tool_choice": choice})

    assert ("weather;" in prompt_of(door)) is is_offered
    assert door.requests[0].structure is None


@pytest.mark.usefixtures("plain")
def test_parallel_calls_can_be_switched_off(client, door):
    door.texts = ['<tool_call>{"name": "time"}</tool_call>' * 2]

    for flag, n_calls in ((False, 2), (True, 1)):
        choice = {"type": "auto", "disable_parallel_tool_use": flag}
        content = client.post(PATH, {**CHAT, "tools": TOOLS, "tool_choice": choice}).json()["content"]
        assert len(content) == n_calls


@pytest.mark.usefixtures("thoughtful")
def test_thoughts_are_a_block_of_their_own(client, door):
    door.texts = ["Hm.", "</think>", "Yes."]

    message = client.post(PATH, CHAT).json()

    assert message["content"] == [{"type": "thinking", "thinking": "Hm.", "signature": ""}, text("Yes.")]


@pytest.mark.parametrize(
    ("thinking", "budget", "ending"),
    [
        ({"type": "enabled", "budget_tokens": 50}, 50, "<think>\n"),
        ({"type": "enabled"}, 10000, "<think>\n"),
        ({"type": "adaptive"}, None, "<think>\n"),
        ({"type": "disabled"}, None, "hi:"),
    ],
)
@pytest.mark.usefixtures("thoughtful")
def test_thinking_can_be_bounded_and_switched_off(client, door, thinking, budget, ending):
    client.post(PATH, {**CHAT, "thinking": thinking})

    given = door.requests[0].thinking
    assert (given.n_tokens if given else None) == budget
    assert prompt_of(door).endswith(ending)


def test_template_variables_pass_through(client, door, set_template):
    set_template("{{ mood }}")

    client.post(PATH, {**CHAT, "chat_template_kwargs": {"mood": "calm"}})

    assert prompt_of(door) == "calm"


def png():
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 100, 0)).save(file, "PNG")
    return file.getvalue()


def image():
    data = base64.b64encode(png()).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


@pytest.fixture
def seeing(door, set_template):
    set_template(PLAIN)
    door.model_facts = msgspec.structs.replace(door.model_facts, has_vision=True)


@pytest.mark.usefixtures("seeing")
def test_images_reach_the_engine_in_their_place(client, door):
    result = {"type": "tool_result", "tool_use_id": "t", "content": [image(), text("there")]}

    client.post(PATH, user(image(), text("What?"), result))

    before, first, between, second, after = door.requests[0].prompt
    assert (before, between, after) == ("<user>", "What?<tool>", "there#t<assistant>")
    assert [media.content for media in (first, second)] == [png(), png()]
    assert isinstance(first, Media)


@pytest.mark.usefixtures("seeing")
def test_an_images_address_follows_the_servers_rules(client, refused):
    source = {"type": "url", "url": "https://example.com/cat.png"}

    reply = client.post(PATH, user({"type": "image", "source": source}))

    refused(reply, "messages[0].content[0].source", "--media-remote")


def test_a_model_that_cannot_see_refuses_images(client, refused):
    refused(client.post(PATH, user(image())), "messages[0].content[0].source", "--mmproj", status=501)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"max_tokens": 5}, "'messages'"),
        ({**CHAT, "messages": 3}, "'messages'"),
        ({**CHAT, "messages": [{"content": "x"}]}, "role"),
        ({**CHAT, "messages": [{"role": "", "content": "x"}]}, "messages[0].role"),
        ({**CHAT, "messages": [{"role": "user"}]}, "content"),
        ({**CHAT, "messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        (user({"type": "document"}), "document"),
        (user({"type": "text"}), "text"),
        (user({"type": "image", "source": {"type": "file"}}), "source"),
        (user({"type": "tool_use", "name": "f", "input": "x"}), "input"),
        ({**CHAT, "max_tokens": "x"}, "'max_tokens'"),
        ({**CHAT, "max_tokens": -7}, "'max_tokens'"),
        ({**CHAT, "temperature": "hot"}, "'temperature'"),
        ({**CHAT, "stop_sequences": "x"}, "'stop_sequences'"),
        ({**CHAT, "stop_sequences": ["x"] * 300}, "'stop_sequences'"),
        ({**CHAT, "system": 3}, "'system'"),
        ({**CHAT, "tools": [{"description": "x"}]}, "name"),
        ({**CHAT, "tools": [{"name": ""}]}, "tools[0].name"),
        ({**CHAT, "tools": [{"name": "f"}] * 300}, "'tools'"),
        ({**CHAT, "tools": [{"name": "f", "input_schema": 3}]}, "input_schema"),
        ({**CHAT, "tool_choice": {"type": "any"}}, "'tool_choice'"),
        ({**CHAT, "tool_choice": {"type": "some"}}, "tool_choice.type"),
        ({**CHAT, "tools": TOOLS, "tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({**CHAT, "tools": TOOLS, "tool_choice": {"type": "tool", "name": "x"}}, "no tool 'x'"),
        ({**CHAT, "thinking": {"type": "enabled", "budget_tokens": -1}}, "thinking.budget_tokens"),
        ({**CHAT, "thinking": {"type": "enabled", "budget_tokens": 1.5}}, "thinking.budget_tokens"),
        ([], "The body"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(client, door, refused, body, words):
    refused(client.post(PATH, body), words)

    assert door.requests == []


def test_tokens_are_counted(client, door):
    bare = client.post(COUNT, {"messages": CHAT["messages"]}).json()
    longer = client.post(COUNT, {"messages": CHAT["messages"], "system": "Be kind."}).json()

    assert set(bare) == {"input_tokens"}
    assert 0 < bare["input_tokens"] < longer["input_tokens"]
    assert door.requests == []


@pytest.mark.usefixtures("seeing")
def test_tokens_of_images_are_not_counted(client, refused):
    refused(client.post(COUNT, user(image())), "without images", status=501)


def test_the_key_may_stand_in_anthropics_header(make_client):
    client = make_client(server=ServerSettings(api_keys=("sesame",)))

    assert client.post(PATH, CHAT).status_code == 401
    assert client.post(PATH, CHAT, headers={"x-api-key": "sesame"}).status_code == 200


def test_a_model_that_is_run_for_vectors_refuses_chats(client, run_for, refused):
    run_for("embed")

    refused(client.post(PATH, CHAT), "does not support completions", status=501)
