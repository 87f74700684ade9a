"""POST /v1/chat/completions, field by field, and the two routes beside it."""

import re

import msgspec
import pytest

from corral.core.errors import InternalError
from corral.core.outcome import FinishReason

CHAT = {"messages": [{"role": "user", "content": "hi"}]}
PATH = "/v1/chat/completions"
CHATML = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"


def test_a_reply_has_every_key(client):
    reply = client.post(PATH, CHAT).json()

    assert reply["choices"] == [
        {
            "finish_reason": "stop",
            "index": 0,
            "message": {"content": "Hello!", "role": "assistant"},
            "logprobs": None,
        }
    ]
    assert isinstance(reply["created"], int)
    assert reply["model"] == "tiny"
    assert reply["object"] == "chat.completion"
    assert reply["usage"] == {
        "completion_tokens": 3,
        "prompt_tokens": 7,
        "total_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 2},
    }
    assert re.fullmatch(r"chatcmpl-[0-9A-Za-z]{32}", reply["id"])
    assert reply["system_fingerprint"] == "b1-fake"
    assert reply["timings"]["predicted_n"] == 3
    assert "completion_probabilities" not in reply


def test_the_prompt_is_the_rendered_template(client, door):
    client.post(PATH, CHAT)

    request = door.requests[0]
    assert request.prompt == [CHATML]
    assert request.is_bos_wanted
    assert request.has_special
    assert request.is_cache_wanted


def test_a_template_that_prints_bos_gets_no_second_one(client, door):
    source = "{{ bos_token }}{{ messages[0].content }}"
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=source)

    client.post(PATH, CHAT)

    assert door.requests[0].prompt == ["<s>hi"]
    assert not door.requests[0].is_bos_wanted


def test_a_named_template_replaces_the_models_own(make_client, door):
    make_client(template="llama2").post(PATH, CHAT)

    assert door.requests[0].prompt == ["[INST] hi [/INST]"]


def test_a_template_that_refuses_is_400_with_its_words(client, door, refused):
    source = "{{ raise_exception('roles must alternate') }}"
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=source)

    refused(client.post(PATH, CHAT), "messages", "roles must alternate")


def test_template_variables_pass_through(client, door):
    source = "{{ mood }}{{ add_generation_prompt }}"
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=source)

    client.post(
        PATH,
        {**CHAT, "chat_template_kwargs": {"mood": "calm", "messages": 1}, "add_generation_prompt": False},
    )

    assert door.requests[0].prompt == ["calmFalse"]


def test_text_parts_are_joined_by_a_newline_and_developer_is_system(client, door):
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]

    client.post(
        PATH, {"messages": [{"role": "developer", "content": "be kind"}, {"role": "user", "content": parts}]}
    )

    (prompt,) = door.requests[0].prompt
    assert prompt.startswith("<|im_start|>system\nbe kind<|im_end|>\n<|im_start|>user\na\nb<|im_end|>")


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        (None, "messages"),
        ([], "messages"),
        ("hi", "messages"),
        ([5], "messages[0]"),
        ([{"role": "user"}], "Missing 'content'"),
        ([{"role": "user", "content": None}], "Missing 'content'"),
        ([{"content": "x"}], "Missing 'role'"),
        ([{"role": 5, "content": "x"}], "messages[0].role"),
        ([{"role": "user", "content": 5}], "messages[0].content"),
        ([{"role": "user", "content": ["x"]}], "messages[0].content[0]"),
        ([{"role": "user", "content": [{"type": "text"}]}], "messages[0].content[0].text"),
        ([{"role": "user", "content": [{"type": "text", "text": 5}]}], "messages[0].content[0].text"),
        ([{"role": "user", "content": [{"type": "refusal", "refusal": "x"}]}], "refusal"),
        ([{"role": "assistant", "content": "x", "tool_calls": [{}]}], "tool_calls"),
        ([{"role": "assistant", "tool_calls": [{"function": {}}]}], "Missing 'name'"),
        (
            [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[1]"}}]}],
            "expected the JSON of an object",
        ),
    ],
)
def test_bad_messages_are_400(client, refused, messages, words):
    for is_stream in (False, True):
        refused(client.post(PATH, {"messages": messages, "stream": is_stream}), words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"tools": [{"type": "function"}]}, "'tools[0]'"),
        ({"tools": [{"type": "retrieval", "function": {"name": "x"}}]}, "'tools[0]'"),
        ({"tools": [{"type": "function", "function": {"name": 5}}]}, "'tools[0].function.name'"),
        ({"tool_choice": "required"}, "there are no tools"),
        ({"tool_choice": "always"}, "'tool_choice'"),
        ({"tool_choice": {"type": "function", "function": {"name": "x"}}}, "there is no tool 'x'"),
        ({"continue_final_message": True}, "the last message is not the assistant's"),
        ({"continue_final_message": True, "add_generation_prompt": True}, "Cannot set both"),
        ({"reasoning_format": "loud"}, "'reasoning_format'"),
        ({"chat_template_kwargs": {"enable_thinking": "no"}}, "expected boolean"),
        ({"response_format": {"type": "json_object", "schema": 123}}, "'response_format'"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "'response_format'"),
        ({"response_format": {"type": "sound"}}, 'must be one of "text" or "json_object", but got: sound'),
        ({"response_format": "text"}, "'response_format'"),
        ({"top_logprobs": 3}, "top_logprobs requires logprobs to be set to true"),
        ({"n": 3}, "'n'"),
        ({"grammar": "root ::= x", "json_schema": {}}, "but not both"),
        ({"temperature": "hot"}, "'temperature'"),
        ({"stream_options": {"include_usage": 1}}, "'stream_options.include_usage'"),
        ({"id_slot": 9}, "Invalid slot ID"),
    ],
)
def test_what_is_not_served_is_refused(client, door, refused, body, words):
    refused(client.post(PATH, {**CHAT, **body}), words)

    assert door.requests == []


@pytest.mark.parametrize(
    "body", [{"tools": []}, {"tool_choice": "none"}, {"response_format": {"type": "text"}}]
)
def test_the_same_left_off_is_fine(client, body):
    assert client.post(PATH, {**CHAT, **body}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"max_tokens": 5}, "max_tokens", 5),
        ({"max_completion_tokens": 5}, "max_tokens", 5),
        ({"max_tokens": 5, "n_predict": 6}, "max_tokens", 6),
        ({"stop": "x"}, "stop", ("x",)),
        ({"stop": ["x", "y"]}, "stop", ("x", "y")),
        ({"cache_prompt": False}, "is_cache_wanted", False),
        ({"n": 2}, "n", 2),
    ],
)
def test_limits_reach_the_engine(client, door, body, field, value):
    client.post(PATH, {**CHAT, **body})

    assert getattr(door.requests[0], field) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 0),
        ("top_p", 0.5),
        ("seed", 7),
        ("presence_penalty", 0.5),
        ("frequency_penalty", 0.5),
        ("top_k", 3),
    ],
)
def test_options_reach_the_sampler(client, sampling_of, name, value):
    client.post(PATH, {**CHAT, name: value})

    assert sampling_of()[name] == value


def test_the_model_is_the_one_the_client_named(client):
    assert client.post(PATH, {**CHAT, "model": "gpt-9"}).json()["model"] == "gpt-9"


@pytest.mark.parametrize(("reason", "word"), [("EOS", "stop"), ("STOP", "stop"), ("LENGTH", "length")])
def test_the_reason_of_the_end(client, door, reason, word):
    door.reason = FinishReason[reason]

    assert client.post(PATH, CHAT).json()["choices"][0]["finish_reason"] == word
    assert client.events(PATH, CHAT)[-2]["choices"][0]["finish_reason"] == word


def test_n_answers_come_as_choices_and_the_prompt_counts_once(client):
    reply = client.post(PATH, {**CHAT, "n": 2}).json()

    assert [choice["index"] for choice in reply["choices"]] == [0, 1]
    assert (reply["usage"]["prompt_tokens"], reply["usage"]["completion_tokens"]) == (7, 6)


def test_logprobs_come_in_both_shapes(client, sampling_of):
    reply = client.post(PATH, {**CHAT, "logprobs": True, "top_logprobs": 1}).json()

    first, *_ = reply["choices"][0]["logprobs"]["content"]
    assert (first["token"], first["bytes"], first["logprob"]) == ("Hel", [72, 101, 108], -0.25)
    assert len(first["top_logprobs"]) == 1
    assert reply["completion_probabilities"][0]["content"] == "Hel"
    assert sampling_of()["n_probs"] == 1


@pytest.mark.parametrize(
    ("body", "n_probs", "n_shown"),
    [
        ({"logprobs": True}, 20, 2),
        ({"logprobs": True, "top_logprobs": 0}, 1, 0),
        ({"logprobs": False}, 0, None),
    ],
)
def test_how_many_logprobs(client, sampling_of, body, n_probs, n_shown):
    choice = client.post(PATH, {**CHAT, **body}).json()["choices"][0]

    assert sampling_of()["n_probs"] == n_probs
    shown = choice["logprobs"] and len(choice["logprobs"]["content"][0]["top_logprobs"])
    assert shown == n_shown


def test_a_stream_opens_with_the_role_and_closes_with_the_reason(client):
    *chunks, done = client.events(PATH, CHAT)

    assert done == "[DONE]"
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    texts = [{"content": text} for text in ("Hel", "lo", "!")]
    assert deltas == [{"role": "assistant", "content": None}, *texts, {}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * 4 + ["stop"]
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert all({"created", "model"} <= set(chunk) for chunk in chunks)
    assert chunks[-1]["usage"]["total_tokens"] == 10
    assert not any("usage" in chunk for chunk in chunks[:-1])


def test_a_chunk_is_framed_to_the_byte(client):
    frame = client.post(PATH, {**CHAT, "stream": True}).content.split(b"\n\n")[1]

    assert frame.startswith(
        b'data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Hel"}}],"created":'
    )


def test_usage_has_a_chunk_of_its_own_when_asked_for(client):
    *chunks, usage, done = client.events(PATH, {**CHAT, "stream_options": {"include_usage": True}})

    assert all(len(chunk["choices"]) == 1 for chunk in chunks)
    assert (usage["choices"], usage["usage"]["total_tokens"], done) == ([], 10, "[DONE]")
    assert usage["timings"] == chunks[-1]["timings"]


def test_empty_deltas_are_skipped_and_logprobs_wait_for_their_text(client, door):
    door.texts = ["a", "", "b"]

    events = client.events(PATH, {**CHAT, "logprobs": True, "top_logprobs": 1})

    texts = [event["choices"][0] for event in events[1:-2]]
    assert [choice["delta"]["content"] for choice in texts] == ["a", "b"]
    assert [len(choice["logprobs"]["content"]) for choice in texts] == [1, 2]


def test_n_sequences_stream_by_index(client):
    events = client.events(PATH, {**CHAT, "n": 2})[:-1]

    for index in (0, 1):
        own = [event["choices"][0] for event in events if event["choices"][0]["index"] == index]
        assert own[0]["delta"]["role"] == "assistant"
        assert "".join(choice["delta"].get("content") or "" for choice in own) == "Hello!"


def test_an_error_in_mid_stream_is_followed_by_done(client, door):
    door.failure = InternalError("decode failed")

    events = client.events(PATH, CHAT)

    assert events[-2]["error"] == {"code": 500, "message": "decode failed", "type": "server_error"}
    assert events[-1] == "[DONE]"


def test_apply_template_shows_the_prompt(client, door):
    assert client.post("/apply-template", CHAT).json() == {"prompt": CHATML}
    assert door.requests == []


def test_input_tokens_are_counted_without_generating(client, door):
    reply = client.post("/v1/chat/completions/input_tokens", CHAT).json()

    assert reply == {"input_tokens": len(CHATML) + 1, "object": "response.input_tokens"}
    assert door.requests == []


def test_the_short_path_answers_alike(client):
    assert client.post("/chat/completions", CHAT).json()["object"] == "chat.completion"
