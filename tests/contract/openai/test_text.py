"""POST /v1/completions: OpenAI's object and llama-server's in one."""

import re

import pytest

from corral.core.errors import InternalError

PATH = "/v1/completions"


def test_a_reply_is_both_objects(client):
    reply = client.post(PATH, {"prompt": "Once"}).json()

    assert reply["choices"] == [{"text": "Hello!", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    assert reply["object"] == "text_completion"
    assert re.fullmatch(r"cmpl-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", reply["id"])
    assert reply["usage"]["total_tokens"] == 10
    assert (reply["content"], reply["stop"], reply["tokens_cached"]) == ("Hello!", True, 10)
    assert reply["generation_settings"]["n_ctx"] == 2048
    assert reply["prompt"] == "Once"
    assert (reply["model"], reply["system_fingerprint"]) == ("tiny", "b1-fake")


def test_the_model_is_the_one_the_client_named(client):
    assert client.post(PATH, {"prompt": "a", "model": "gpt-9"}).json()["model"] == "gpt-9"


@pytest.mark.parametrize(
    ("prompt", "pieces"),
    [
        ("a", [["a"]]),
        (["a"], [["a"]]),
        (["a", "b"], [["a"], ["b"]]),
        ([1, 2], [[[1, 2]]]),
        ([[1], [2]], [[[1]], [[2]]]),
    ],
)
def test_prompts_become_choices(client, door, prompt, pieces):
    reply = client.post(PATH, {"prompt": prompt}).json()

    assert [request.prompt for request in door.requests] == pieces
    assert [choice["index"] for choice in reply["choices"]] == list(range(len(pieces)))
    assert reply["usage"]["prompt_tokens"] == 7 * len(pieces)


def test_n_answers_per_prompt_are_numbered_through(client):
    reply = client.post(PATH, {"prompt": ["a", "b"], "n": 2}).json()

    assert [choice["index"] for choice in reply["choices"]] == [0, 1, 2, 3]
    assert (reply["usage"]["prompt_tokens"], reply["usage"]["completion_tokens"]) == (14, 12)


@pytest.mark.parametrize(
    ("prompt", "echo"), [("Once", "Once"), ([79, 110], "On"), (["O", 110], "On"), ([256, 79], "<s>O")]
)
def test_echo_puts_the_prompt_first(client, prompt, echo):
    plain = client.post(PATH, {"prompt": prompt, "echo": True}).json()
    events = client.events(PATH, {"prompt": prompt, "echo": True})

    assert plain["choices"][0]["text"] == f"{echo}Hello!"
    assert "".join(event["choices"][0]["text"] for event in events[:-1]) == f"{echo}Hello!"


def test_logprobs_come_in_openais_older_object(client, sampling_of):
    logprobs = client.post(PATH, {"prompt": "a", "logprobs": 2}).json()["choices"][0]["logprobs"]

    assert logprobs["tokens"] == ["Hel", "lo", "!"]
    assert logprobs["token_logprobs"] == [-0.25] * 3
    assert logprobs["top_logprobs"][0] == {"Hel": -0.25, "Z": -1.5}
    assert logprobs["text_offset"] == [0, 3, 5]
    assert logprobs["content"][0]["bytes"] == [72, 101, 108]
    assert sampling_of()["n_probs"] == 2


def test_zero_logprobs_give_the_chosen_tokens_alone(client):
    logprobs = client.post(PATH, {"prompt": "a", "logprobs": 0}).json()["choices"][0]["logprobs"]

    assert logprobs["token_logprobs"] == [-0.25] * 3
    assert logprobs["top_logprobs"] == [{}, {}, {}]


def test_streamed_logprobs_follow_the_text(client):
    events = client.events(PATH, {"prompt": "a", "logprobs": 1})

    logprobs = [event["choices"][0]["logprobs"] for event in events[:-2]]
    assert [entry["tokens"] for entry in logprobs] == [["Hel"], ["lo"], ["!"]]
    assert [entry["text_offset"] for entry in logprobs] == [[0], [3], [5]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"suffix": "end"}, "'suffix'"),
        ({"best_of": 2}, "'best_of'"),
        ({"echo": True, "logprobs": 1}, "'echo'"),
        ({"prompt": None}, '"prompt"'),
        ({"logprobs": True}, "'logprobs'"),
        ({"echo": "yes"}, "'echo'"),
        ({"n": 3}, "'n'"),
        ({"json_schema": ["object"]}, '"json_schema"'),
    ],
)
def test_what_is_not_served_is_refused(client, door, refused, body, words):
    for is_stream in (False, True):
        refused(client.post(PATH, {"prompt": "a", "stream": is_stream, **body}), words)
    assert door.requests == []


@pytest.mark.parametrize("body", [{"suffix": ""}, {"best_of": 1}, {"n": 2, "best_of": 2}])
def test_the_same_left_off_is_fine(client, body):
    assert client.post(PATH, {"prompt": "a", **body}).status_code == 200


def test_chunks_carry_both_kinds_of_text_and_done_closes(client):
    *tokens, last, done = client.events(PATH, {"prompt": "Once"})

    assert done == "[DONE]"
    assert [(chunk["choices"][0]["text"], chunk["content"]) for chunk in tokens] == [
        ("Hel", "Hel"),
        ("lo", "lo"),
        ("!", "!"),
    ]
    assert all(chunk["stop"] is False for chunk in tokens)
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in tokens)
    assert (last["content"], last["stop"], last["choices"][0]["finish_reason"]) == ("", True, "stop")
    assert last["usage"]["total_tokens"] == 10
    assert last["generation_settings"]["stream"] is True
    assert len({chunk["id"] for chunk in [*tokens, last]}) == 1


def test_usage_has_a_chunk_of_its_own_when_asked_for(client):
    events = client.events(PATH, {"prompt": "a", "stream_options": {"include_usage": True}})

    assert (events[-2]["choices"], events[-2]["usage"]["total_tokens"]) == ([], 10)


def test_several_prompts_stream_by_index(client):
    events = client.events(PATH, {"prompt": ["a", "b"]})[:-1]

    for index in (0, 1):
        own = [event for event in events if event["index"] == index == event["choices"][0]["index"]]
        assert "".join(event["choices"][0]["text"] for event in own) == "Hello!"


def test_an_error_in_mid_stream_is_followed_by_done(client, door):
    door.failure = InternalError("decode failed")

    events = client.events(PATH, {"prompt": "a"})

    assert events[-2]["error"]["message"] == "decode failed"
    assert events[-1] == "[DONE]"


def test_the_cache_is_on_by_default_here(client, door):
    client.post(PATH, {"prompt": "a"})

    assert door.requests[0].is_cache_wanted
