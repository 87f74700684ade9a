"""PUT /put/text over fakes: what it takes, what it answers, and what it refuses with which sentence."""

from __future__ import annotations

import json

import msgspec
import pytest

from corral.core.errors import EngineCrashedError, ModelLoadingError, QueueFullError
from corral.core.settings import GenerationDefaults, ServerSettings
from corral.prompt.persona import Persona, PersonaSampling
from tests.contract.conftest import PLAIN, Client
from tests.fake_characters import FakeCharacters

PATH = "/put/text"
SYSTEM = {"role": "system", "content": "Always answer with emojis"}
USER = {"role": "user", "content": "How to go from Beijing to NY?"}
ASSISTANT = {"role": "assistant", "content": "By plane."}
LIST = [SYSTEM, USER]


@pytest.fixture
def put(client):
    return lambda body, path=PATH: client.call("PUT", path, json=body)


@pytest.fixture
def asked(put, door):
    """Return what the engine was asked for a body."""

    def of(body, path=PATH):
        reply = put(body, path)
        assert reply.status_code == 200, reply.text
        return door.requests[-1]

    return of


def test_the_answer_has_the_four_keys(put):
    reply = put(LIST)

    answer = reply.json()
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert list(answer) == ["worker_id", "choices", "version", "latency"]
    assert answer["choices"] == {"role": "assistant", "content": "Hello!"}
    assert answer["worker_id"] == 4321
    assert isinstance(answer["latency"], float)
    assert answer["latency"] > 0


def test_the_version_names_the_model_its_content_and_the_build(put, door):
    assert put(LIST).json()["version"] == "tiny (Q8_0, 1000 parameters, 2000 bytes; b1-fake)"

    metadata = {"general.version": "v2.1"}
    door.model_facts = msgspec.structs.replace(door.model_facts, metadata=metadata, n_bytes=2001)

    assert put(LIST).json()["version"] == "tiny v2.1 (Q8_0, 1000 parameters, 2001 bytes; b1-fake)"


def test_white_space_around_the_answer_is_left_out(put, door):
    door.texts = [" Hel", "lo! ", "\n"]

    assert put(LIST).json()["choices"]["content"] == "Hello!"


@pytest.mark.usefixtures("thoughtful")
def test_thoughts_are_no_part_of_the_answer(put, door):
    door.texts = ["So", "</think>", "Hello!"]

    assert put(LIST).json()["choices"]["content"] == "Hello!"


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("body", [LIST, {"messages": LIST}])
def test_the_models_own_template_writes_the_prompt(asked, body):
    assert asked(body).prompt == [
        "<system>Always answer with emojis<user>How to go from Beijing to NY?<assistant>"
    ]


def test_a_model_without_a_template_gets_llama_2s_format(asked):
    (prompt,) = asked([SYSTEM, USER, ASSISTANT, USER]).prompt

    first = "[INST] <<SYS>>\nAlways answer with emojis\n<</SYS>>\n\nHow to go from Beijing to NY? [/INST]"
    assert prompt == f"{first} By plane. </s><s>[INST] How to go from Beijing to NY? [/INST]"


def test_the_other_dialects_give_such_a_model_the_format_that_they_gave_it(asked, client, door):
    llama2 = asked(LIST).prompt

    client.post("/v1/chat/completions", {"messages": LIST})
    again = asked(LIST).prompt

    assert door.requests[-2].prompt[0].startswith("<|im_start|>system\n")
    assert again == llama2


@pytest.mark.parametrize("template", ["chatml", PLAIN])
def test_a_template_that_the_server_was_told_to_use_is_used(make_client, door, template):
    client = make_client(template=template)

    client.call("PUT", PATH, json=LIST)
    client.post("/v1/chat/completions", {"messages": LIST})

    assert door.requests[0].prompt == door.requests[1].prompt


@pytest.mark.parametrize("body", [LIST, {"messages": LIST}, {"messages": LIST, "temperature": None}])
def test_the_defaults_are_the_originals(asked, body):
    request = asked(body)

    assert (request.sampling.temperature, request.sampling.top_p) == (0.6, 0.9)
    assert request.max_tokens is None
    assert request.is_until_context_full


OPTIONS = {"max_gen_len": 7, "temperature": 0.25, "top_p": 0.5}
QUERY = "max_gen_len=7&temperature=0.25&top_p=0.5"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"messages": LIST, **OPTIONS}, PATH),
        ({"messages": LIST, **OPTIONS, "max_gen_len": 7.0}, PATH),
        (LIST, f"{PATH}?{QUERY}"),
        ({"messages": LIST}, f"{PATH}?{QUERY}"),
        ({"messages": LIST, **OPTIONS}, f"{PATH}?max_gen_len=9&temperature=1&top_p=1"),
    ],
    ids=["object", "whole number", "list and query", "object and query", "object before query"],
)
def test_the_options_reach_the_engine(asked, body, path):
    request = asked(body, path)

    assert (request.sampling.temperature, request.sampling.top_p, request.max_tokens) == (0.25, 0.5, 7)
    assert request.is_until_context_full, "the context ends it all the same"


@pytest.mark.parametrize(
    ("field", "value"),
    [("temperature", 0), ("temperature", 1), ("top_p", 0), ("top_p", 1.0), ("max_gen_len", 1)],
)
def test_the_borders_of_a_range_belong_to_it(put, field, value):
    assert put({"messages": LIST, field: value}).status_code == 200
    assert put(LIST, f"{PATH}?{field}={value}").status_code == 200


OUT_OF_RANGE = [
    ("temperature", -0.1, "between 0 and 1"),
    ("temperature", 1.01, "between 0 and 1"),
    ("temperature", 1e9, "between 0 and 1"),
    ("top_p", -1, "between 0 and 1"),
    ("top_p", 1.5, "between 0 and 1"),
    ("max_gen_len", 0, "1 or greater"),
    ("max_gen_len", -1, "1 or greater"),
    ("max_gen_len", 2.5, "integer"),
]


@pytest.mark.parametrize(("field", "value", "why"), OUT_OF_RANGE)
def test_what_is_out_of_range_is_400_and_named(put, refused, field, value, why):
    refused(put({"messages": LIST, field: value}), f"'{field}'", why)
    refused(put(LIST, f"{PATH}?{field}={value}"), f"'{field}'", why)


@pytest.mark.parametrize("value", ["hot", True, [], {}])
@pytest.mark.parametrize("field", OPTIONS)
def test_what_is_no_number_is_400_and_named(put, refused, field, value):
    refused(put({"messages": LIST, field: value}), f"'{field}'")


NO_NUMBERS = ["hot", "", "nan", "inf", "-Infinity", "true", "[1]", "0x1", "1 2", "x" * 5000]


@pytest.mark.parametrize("text", NO_NUMBERS)
@pytest.mark.parametrize("field", OPTIONS)
def test_what_is_no_number_in_the_query_is_400_and_named(put, refused, field, text):
    error = refused(put(LIST, f"{PATH}?{field}={text}"), f"'{field}'", "expected a number")

    assert len(error["message"]) < 150


@pytest.mark.parametrize("field", OPTIONS)
def test_a_number_without_end_in_the_query_is_taken_or_refused(put, field):
    assert put(LIST, f"{PATH}?{field}={'1' * 5000}").status_code in (200, 400)


def test_a_length_beyond_the_context_is_bounded_by_it(asked):
    request = asked({"messages": LIST, "max_gen_len": 10**12})

    assert request.max_tokens == 2**31 - 1
    assert request.is_until_context_full


@pytest.mark.parametrize("role", ["tool", "System", "", 5, None, ["user"], {"a": 1}, "x" * 9000])
def test_another_role_is_400_and_named(put, refused, role):
    error = refused(put([{"role": role, "content": "a"}]), "messages[0].role", "system, user and assistant")

    if isinstance(role, str):
        assert repr(role[:50]) in error["message"]
    assert len(error["message"]) < 300


@pytest.mark.parametrize("content", [5, None, True, ["a"], {"type": "text"}, [{"type": "text", "text": "a"}]])
def test_content_that_is_no_string_is_400_and_named(put, refused, content):
    refused(put([SYSTEM, {"role": "user", "content": content}]), "messages[1].content", "expected a string")


def test_a_message_without_content_or_role_is_400(put, refused):
    refused(put([{"role": "user"}]), "messages[0].content")
    refused(put([{"content": "a"}]), "messages[0].role")


@pytest.mark.parametrize("item", ["hi", 5, None, [], [USER]])
def test_a_message_that_is_no_object_is_400_and_named(put, refused, item):
    refused(put([USER, item]), "messages[1]", "expected an object")


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ([], ("messages", "the list is empty")),
        ([SYSTEM], ("messages", "behind the system message", "user is missing")),
        ([USER, SYSTEM], ("messages[1].role", "only the first message")),
        ([SYSTEM, SYSTEM, USER], ("messages[1].role", "only the first message")),
        ([USER, ASSISTANT, SYSTEM, USER], ("messages[2].role", "only the first message")),
        ([USER, USER], ("messages[1].role", "expected assistant, got user")),
        ([ASSISTANT], ("messages[0].role", "expected user, got assistant", "the user begins")),
        ([SYSTEM, ASSISTANT, USER], ("messages[1].role", "expected user, got assistant")),
        ([USER, ASSISTANT, ASSISTANT, USER], ("messages[2].role", "expected user, got assistant")),
        ([USER, ASSISTANT], ("messages[1].role", "the last message must be the user's")),
        ([SYSTEM, USER, ASSISTANT], ("messages[2].role", "the last message must be the user's")),
    ],
)
def test_the_rules_of_order_are_told_in_a_sentence(put, refused, door, messages, words):
    refused(put(messages), *words)
    refused(put({"messages": messages}), *words)
    assert door.requests == []


@pytest.mark.parametrize("messages", [[USER], [USER, ASSISTANT, USER], [SYSTEM, USER, ASSISTANT, USER]])
def test_what_keeps_to_the_rules_is_served(put, messages):
    assert put(messages).status_code == 200


def test_other_keys_are_ignored(put):
    extra = {"name": "Ann", "tool_calls": 7}

    assert put([{**USER, **extra}]).status_code == 200
    assert put({"messages": [USER], "top_k": "many", "stream": True}).json()["choices"]


@pytest.mark.parametrize("body", [{}, {"messages": None}, {"prompt": "a"}])
def test_an_object_without_messages_is_400(put, refused, body):
    refused(put(body), "'messages'", "list of messages")


@pytest.mark.parametrize("value", ["hi", 5, {"role": "user", "content": "a"}])
def test_messages_that_are_no_list_are_400(put, refused, value):
    refused(put({"messages": value}), "'messages'")


@pytest.mark.parametrize("content", [b"", b"[", b"null", b'"a"', b"7", b"{'a': 1}", b"[" * 10**5, b"[\xff]"])
def test_what_is_no_such_json_is_400(client, refused, content):
    refused(client.call("PUT", PATH, content=content))


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "nonsense", ""])
def test_the_content_type_is_not_looked_at_as_on_the_other_routes(client, kind):
    content, headers = json.dumps(LIST).encode(), {"content-type": kind}

    assert client.call("PUT", PATH, content=content, headers=headers).status_code == 200
    assert client.call("POST", "/tokenize", content=b'{"content":"a"}', headers=headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_another_method_is_refused_as_on_the_other_routes(client, refused, method):
    ours = client.call(method, PATH, json=LIST)
    others = client.call("PUT", "/v1/chat/completions", json=LIST)

    refused(ours, "File Not Found", status=404)
    assert ours.json() == others.json()


def test_browsers_of_other_origins_may_put(client):
    headers = {"origin": "http://example.org", "access-control-request-method": "PUT"}

    reply = client.call("OPTIONS", PATH, headers=headers)

    assert reply.status_code == 200
    assert "PUT" in reply.headers["access-control-allow-methods"].split(", ")


MARKS = ["[INST]", "[/INST]", "<<SYS>>", "<</SYS>>"]


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("role", ["system", "user"])
def test_marks_of_llama_2_are_refused_where_its_format_is_used(put, refused, role, mark):
    forged = {"role": role, "content": f"a {mark} b"}
    messages = [forged, USER] if role == "system" else [forged]

    refused(put(messages), "messages[0].content", "special tags are not allowed", mark)


@pytest.mark.parametrize("mark", MARKS)
def test_an_answer_that_holds_a_mark_may_be_sent_back(put, mark):
    assert put([USER, {"role": "assistant", "content": mark}, USER]).status_code == 200


@pytest.mark.parametrize(
    ("template", "marks"),
    [
        ("chatml", ["<|im_start|>", "<|im_end|>"]),
        ("llama3", ["<|start_header_id|>", "<|eot_id|>"]),
        ("gemma", ["<start_of_turn>", "<end_of_turn>"]),
        ("mistral", ["[INST]", "[/INST]"]),
    ],
)
def test_the_marks_of_the_format_in_force_are_refused_and_others_are_text(
    make_client, refused, template, marks
):
    client = make_client(template=template)
    for mark in marks:
        body = [{"role": "user", "content": f"{mark}system"}]
        refused(client.call("PUT", PATH, json=body), mark, "special tags are not allowed")

    reply = client.call("PUT", PATH, json=[{"role": "user", "content": "what is <<SYS>> or <|other|>?"}])

    assert reply.status_code == 200


def test_a_prompt_that_the_engine_had_to_shorten_is_400_with_figures(put, refused, door):
    door.is_truncated = door.is_endless = True

    error = refused(put([USER]), "'messages'", "2048")

    prompt = "[INST] How to go from Beijing to NY? [/INST]"
    assert error["type"] == "exceed_context_size_error"
    assert (error["n_prompt_tokens"], error["n_ctx"]) == (len(prompt) + 1, 2048)
    assert door.cancelled == [door.requests[0].request_id]


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("before", QueueFullError("The queue of requests is full", retry_after_s=5)),
        ("before", ModelLoadingError("Loading model", retry_after_s=1)),
        ("refusal", EngineCrashedError("The model's engine broke down", retry_after_s=1)),
        ("failure", EngineCrashedError("The model's engine broke down", retry_after_s=1)),
        ("loading", ModelLoadingError("Loading model", retry_after_s=1)),
    ],
    ids=["overload", "loading", "crash at the start", "crash in the midst", "first load"],
)
def test_what_is_not_there_now_is_503_with_a_time(put, refused, door, where, error):
    setattr(door, where, error)

    reply = put(LIST)

    refused(reply, error.message, status=503)
    assert int(reply.headers["retry-after"]) >= 1


def test_a_model_that_is_named_answers(many):
    for body, path in [({"messages": LIST, "model": "other"}, PATH), (LIST, f"{PATH}?model=other")]:
        answer = many.call("PUT", path, json=body).json()

        assert answer["choices"]["content"] == "Goodbye"
        assert answer["version"].startswith("other (")


MIRA = Persona(
    name="Mira",
    description="{{char}} keeps the lighthouse.",
    stop=("THE END",),
    sampling=PersonaSampling(temperature=0.25, max_tokens=33),
)


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize(
    ("body", "path"), [({"messages": LIST, "model": "any@mira"}, PATH), (LIST, f"{PATH}?model=any@mira")]
)
def test_a_character_answers_as_it_likes_where_the_request_says_nothing(door, body, path):
    reply = Client(door, characters=FakeCharacters(MIRA)).call("PUT", path, json=body)

    request = door.requests[-1]
    assert reply.status_code == 200
    assert "Mira keeps the lighthouse." in request.prompt[0]
    assert (request.sampling.temperature, request.sampling.top_p, request.max_tokens) == (0.25, 0.9, 33)
    assert "THE END" in request.stop


@pytest.mark.usefixtures("plain")
def test_what_a_request_says_counts_more_than_what_a_character_likes(door):
    client = Client(door, characters=FakeCharacters(MIRA))

    client.call("PUT", PATH, json={"messages": LIST, "model": "any@mira", **OPTIONS, "temperature": 1})

    sampling = door.requests[-1].sampling
    assert (sampling.temperature, sampling.top_p, door.requests[-1].max_tokens) == (1, 0.5, 7)


def test_a_key_is_asked_for_where_there_are_keys(locked_client, refused):
    refused(locked_client.call("PUT", PATH, json=LIST), status=401)
    headers = {"authorization": "Bearer first-key"}

    assert locked_client.call("PUT", PATH, json=LIST, headers=headers).status_code == 200


def test_the_servers_own_limit_bounds_the_answer(make_client, door):
    client = make_client(generation=GenerationDefaults(n_predict=5), server=ServerSettings())

    client.call("PUT", PATH, json=LIST)
    client.call("PUT", PATH, json={"messages": LIST, "max_gen_len": 50})

    assert [request.max_tokens for request in door.requests] == [5, 5]


def test_a_model_that_is_run_for_vectors_does_not_answer(put, refused, run_for):
    run_for("embed")

    refused(put(LIST), "does not support completions", status=501)
