"""Guidance, Muse and the older function calls over HTTP, with the bundled model and OpenAI's own client."""

from __future__ import annotations

import json
import re

import openai
import pytest

from tests.model.test_served import Served

CHAT = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Tell me a story."}]
NEGATIVE = "You are rude and hate stories, and you say so in many words."
WEATHER = {
    "name": "weather",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 12}, "days": {"enum": [1, 2, 3]}},
        "required": ["city", "days"],
        "additionalProperties": False,
    },
}


@pytest.fixture(scope="module")
def served():
    server = Served("--parallel", "3", "--ctx-size", "1536")
    yield server
    server.close()


@pytest.fixture(scope="module")
def client(served):
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key="secret")


def complete(client, **fields):
    body = {"temperature": 0, "max_tokens": 24, **fields}
    known = {name: body.pop(name) for name in ("temperature", "max_tokens", "stream") if name in body}
    return client.completions.create(model="any", prompt="Once upon a time", extra_body=body, **known)


def n_prompt_total(served):
    (value,) = re.findall(
        r"^llamacpp:prompt_tokens_total (\d+)", served.http.get("/metrics").text, re.MULTILINE
    )
    return int(value)


def test_guided_text_differs_repeats_and_counts_the_prompt_once(client):
    plain = complete(client)

    guided, again = (complete(client, guidance_scale=3, negative_prompt="There was a big dog") for _ in "ab")

    assert guided.choices[0].text == again.choices[0].text != plain.choices[0].text
    assert guided.usage.prompt_tokens == plain.usage.prompt_tokens
    assert guided.usage.completion_tokens == plain.usage.completion_tokens


def test_scale_1_says_what_no_guidance_says(client):
    plain, guided = complete(client), complete(client, guidance_scale=1, negative_prompt="There was a dog")

    assert guided.choices[0].text == plain.choices[0].text


def test_the_metrics_count_the_negative_prompt(served, client):
    before = n_prompt_total(served)
    usage = complete(client, guidance_scale=2, negative_prompt="zebra " * 40, cache_prompt=False).usage

    assert n_prompt_total(served) - before > usage.prompt_tokens + 40


def test_a_guided_stream_says_what_the_whole_answer_says(client):
    fields = {"guidance_scale": 2, "negative_prompt": "There was a big dog"}
    whole = complete(client, **fields).choices[0].text

    parts = [chunk.choices[0].text for chunk in complete(client, stream=True, **fields) if chunk.choices]

    assert "".join(parts) == whole


def test_a_chat_is_guided_away_from_another_system_text(client):
    def ask(**more):
        extra = {"extra_body": more} if more else {}
        reply = client.chat.completions.create(
            model="any", messages=CHAT, temperature=0, max_tokens=30, **extra
        )
        return reply.choices[0].message.content

    assert ask(guidance_scale=4, negative_prompt=NEGATIVE) != ask()
    assert ask(guidance_scale=1, negative_prompt=NEGATIVE) == ask()


def test_muse_changes_the_text(client):
    muse = {"top_k": 2, "damp": 0.3, "damp_ramp_tokens": 0}

    assert complete(client, muse=muse).choices[0].text != complete(client).choices[0].text


def test_a_forced_function_is_called_with_arguments_that_match(client):
    reply = client.chat.completions.create(
        model="any",
        messages=[{"role": "user", "content": "How is the weather in Oslo?"}],
        functions=[WEATHER],
        function_call={"name": "weather"},
        max_tokens=120,
    )

    (choice,) = reply.choices
    arguments = json.loads(choice.message.function_call.arguments)
    assert choice.finish_reason == "function_call"
    assert choice.message.function_call.name == "weather"
    assert set(arguments) == {"city", "days"}
    assert arguments["days"] in (1, 2, 3)


def test_a_forced_function_is_streamed(client):
    stream = client.chat.completions.create(
        model="any",
        messages=[{"role": "user", "content": "How is the weather in Oslo?"}],
        functions=[WEATHER],
        function_call={"name": "weather"},
        max_tokens=120,
        stream=True,
        extra_body={"guidance_scale": 1.5, "negative_prompt": NEGATIVE},
    )
    choices = [chunk.choices[0] for chunk in stream if chunk.choices]

    calls = [choice.delta.function_call for choice in choices if choice.delta.function_call]
    assert [call.name for call in calls if call.name] == ["weather"]
    assert set(json.loads("".join(call.arguments for call in calls))) == {"city", "days"}
    assert choices[-1].finish_reason == "function_call"


def test_a_client_that_leaves_frees_both_slots(served):
    body = {"prompt": "Once", "n_predict": 2000, "stream": True, "ignore_eos": True}
    guided = {**body, "guidance_scale": 2, "negative_prompt": "x"}
    with served.http.stream("POST", "/completion", json=guided) as reply:
        next(reply.iter_lines())

    fields = {"prompt": "Once", "n_predict": 3, "guidance_scale": 2, "id_slot": 0}
    replies = [served.http.post("/completion", json={**fields, "id_slot": slot}) for slot in range(3)]

    assert [reply.json()["tokens_predicted"] for reply in replies] == [3, 3, 3]
    served.until_idle()


def test_one_slot_answers_400_with_the_remedy():
    alone = Served("--parallel", "1", "--ctx-size", "512")
    try:
        reply = alone.http.post("/v1/completions", json={"prompt": "x", "guidance_scale": 2})
    finally:
        alone.close()

    assert reply.status_code == 400
    assert "--parallel 2" in reply.json()["error"]["message"]
