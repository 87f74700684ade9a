"""What llama-api takes beyond OpenAI's fields, on a real engine: each changes the answer as it says."""

from __future__ import annotations

import json

import pytest

from tests.model.folder_server import FolderServer, lay_out

MODEL = "orca_mini_3b"
USER = [{"role": "user", "content": "Hello!"}]
FUNCTION = {
    "name": "pick",
    "description": "Pick a number",
    "parameters": {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"]},
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = lay_out(tmp_path_factory.mktemp("fields"))
    server = FolderServer(folder, "--definitions", "model_definitions.py", "--default-model", MODEL)
    yield server
    server.close()


@pytest.fixture
def text(served):
    """Return a function from fields to the text of a completion, drawn with one seed."""
    return lambda **fields: served.text_of(
        MODEL, **{"max_tokens": 24, "temperature": 1.5, "seed": 5, **fields}
    )


@pytest.fixture
def chat(served):
    """Return a function from fields to the one choice of a chat."""

    def ask(**fields):
        body = {"model": MODEL, "messages": USER, "temperature": 0, "max_tokens": 40, **fields}
        (choice,) = served.post("/v1/chat/completions", body)["choices"]
        return choice

    return ask


@pytest.mark.parametrize(
    "fields",
    [
        {"typical_p": 0.05},
        {"tfs_z": 0.05},
        {"top_k": 2},
        {"repeat_penalty": 2.0},
        {"mirostat_mode": 1, "mirostat_tau": 0.5},
        {"mirostat_mode": 2, "mirostat_tau": 0.5},
        {"mirostat_mode": 2, "mirostat_eta": 0.9},
        {"muse": True},
        {"muse": {"top_k": 5, "damp": 0.5, "damp_initial": 0.5, "damp_ramp_tokens": 0}},
        {"guidance_scale": 2.0},
        {"guidance_scale": 2.0, "negative_prompt": "A dog barks."},
        {"grammar": "root ::= [a-z ]+"},
        {"logit_bias": {"300": 20}},
    ],
    ids=" ".join,
)
def test_an_option_changes_what_is_drawn(text, fields):
    assert text() == text()
    assert text(**fields) != text()
    assert text(**fields) == text(**fields)


def test_the_most_probable_token_alone_is_what_no_temperature_takes(text):
    assert text(top_k=1) == text(temperature=0)


def test_the_range_of_the_penalty_matters(text):
    near, far = (text(temperature=0, repeat_penalty=2.0, repetition_penalty_range=n) for n in (1, 0))

    assert near != far


def test_a_negative_prompt_matters(text):
    one, other = (
        text(temperature=0, guidance_scale=3.0, negative_prompt=negative)
        for negative in ("Once upon a time there was a princess", "2 + 2 = 4")
    )

    assert one != other


def test_echo_gives_the_prompt_back(text):
    assert text(echo=True) == f"Once upon a time{text()}"


@pytest.mark.parametrize("n_top", [1, 3])
def test_logprobs_are_told_with_the_best(served, n_top):
    (choice,) = served.complete(MODEL, logprobs=n_top)["choices"]

    told = choice["logprobs"]
    assert "".join(told["tokens"]) == choice["text"]
    assert [len(top) for top in told["top_logprobs"]] == [n_top] * 8
    assert all(logprob <= 0 for logprob in told["token_logprobs"])


def test_a_banned_end_does_not_come(chat):
    assert chat()["finish_reason"] == "stop"
    assert chat(ban_eos_token=True)["finish_reason"] == "length"


def test_a_grammar_is_kept_to(text, chat):
    assert text(grammar='root ::= "yes" | "no"') in ("yes", "no")
    assert chat(grammar='root ::= "yes" | "no"')["message"]["content"] in ("yes", "no")


def test_the_older_functions_are_called_with_arguments_of_their_schema(chat):
    choice = chat(functions=[FUNCTION], function_call={"name": "pick"})

    called = choice["message"]["function_call"]
    assert (called["name"], json.loads(called["arguments"])["n"] in (1, 2)) == ("pick", True)
    assert choice["finish_reason"] == "function_call"


def test_a_chat_that_may_call_no_function_is_answered_with_words(chat):
    choice = chat(functions=[FUNCTION], function_call="none")

    assert "function_call" not in choice["message"]
    assert choice["message"]["content"]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, MODEL),
        ({"model": "second"}, "second"),
        ({"model": "gpt-4"}, "second"),
    ],
    ids=["none", "a name", "an alias"],
)
def test_the_engine_of_an_editors_plug_in_completes_with_the_model_of_the_body(served, fields, name):
    body = {"prompt": "Once upon a time", "max_tokens": 4, "temperature": 0, **fields}

    reply = served.post("/v1/engines/copilot-codex/completions", body)

    assert reply["object"] == "text_completion"
    assert reply["choices"][0]["text"]
    assert served.state(name) == "ready"


def test_it_streams(served):
    body = {"prompt": "Once upon a time", "max_tokens": 4, "temperature": 0, "stream": True, "model": MODEL}
    with served.http.stream("POST", "/v1/engines/copilot-codex/completions", json=body) as answer:
        frames = [line.removeprefix("data: ") for line in answer.iter_lines() if line]

    chunks = [json.loads(frame) for frame in frames[:-1]]
    assert frames[-1] == "[DONE]"
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == served.text_of(MODEL, max_tokens=4)
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_an_engine_in_the_path_is_a_model(served):
    reply = served.post(f"/v1/engines/{MODEL}/completions", {"prompt": "Once upon a time", "max_tokens": 4})

    assert reply["usage"]["completion_tokens"] <= 4
    assert "'nothing' does not exist" in served.refusal(
        "/v1/engines/nothing/completions", {"prompt": "a"}, 404
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"typical_p": "much"},
        {"repetition_penalty_range": "far"},
        {"mirostat_mode": "two"},
        {"muse": "yes"},
        {"guidance_scale": 0.5},
        {"negative_prompt": 5},
        {"grammar": "root ::= nowhere"},
        {"ban_eos_token": "no"},
        {"max_tokens": "all"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_nonsense_is_refused_by_name_and_ends_nothing(served, fields):
    said = served.refusal("/v1/completions", {"model": MODEL, "prompt": "a", **fields}, 400)

    assert next(iter(fields)) in said
    assert served.text_of(MODEL)
