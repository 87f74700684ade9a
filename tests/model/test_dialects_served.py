"""`corral serve` with the bundled model: OpenAI's Responses API by its own client, Anthropic's messages."""

from __future__ import annotations

import json

import openai
import pytest

from tests.model.test_served import Served

PARAMETERS = {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"]}
ITEMS = [{"role": "system", "content": "You are kind."}, {"role": "user", "content": "Hello!"}]


@pytest.fixture(scope="module")
def served():
    server = Served()
    yield server
    server.close()


@pytest.fixture(scope="module")
def client(served):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="secret", max_retries=0) as client:
        yield client


def events_of(served, body):
    with served.http.stream("POST", "/v1/messages", json={**body, "stream": True}) as reply:
        assert reply.status_code == 200
        return [json.loads(line[6:]) for line in reply.iter_lines() if line.startswith("data: ")]


def test_a_response_answers(client):
    response = client.responses.create(model="m", input="Hello!", temperature=0, max_output_tokens=40)

    assert response.id.startswith("resp_")
    assert response.output[0].id.startswith("msg_")
    assert "hello" in response.output_text.lower()
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


def test_a_streamed_response_is_the_same_text(client):
    whole = client.responses.create(model="m", input=ITEMS, temperature=0, max_output_tokens=40)

    events = list(
        client.responses.create(model="m", input=ITEMS, temperature=0, max_output_tokens=40, stream=True)
    )

    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == whole.output_text
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 1
    assert "".join(deltas) == whole.output_text


def test_the_clients_own_collector_follows_the_stream(client):
    with client.responses.stream(model="m", input="Hello!", temperature=0, max_output_tokens=40) as stream:
        snapshots = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()

    assert final.output_text == snapshots[-1]


def test_a_response_keeps_to_a_schema(client):
    form = {"type": "json_schema", "name": "t", "schema": PARAMETERS, "strict": True}

    response = client.responses.create(model="m", input="Hello!", text={"format": form}, max_output_tokens=30)

    assert json.loads(response.output_text)["n"] in (1, 2)


def test_a_required_call_is_answered_and_goes_on(client):
    tools = [{"type": "function", "name": "pick", "parameters": PARAMETERS, "strict": True}]
    asked = {"model": "m", "tools": tools, "max_output_tokens": 60}

    (call,) = client.responses.create(
        **asked, input="Hello!", tool_choice="required", parallel_tool_calls=False
    ).output
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "done"}
    after = client.responses.create(**asked, input=[*ITEMS, call.to_dict(), result], tool_choice="none")

    assert (call.type, call.name) == ("function_call", "pick")
    assert json.loads(call.arguments)["n"] in (1, 2)
    assert after.status == "completed"


def test_a_responses_tokens_are_counted(client):
    counted = client.responses.input_tokens.count(model="m", input=ITEMS)

    response = client.responses.create(model="m", input=ITEMS, max_output_tokens=1)

    assert counted.input_tokens == response.usage.input_tokens > 0


def test_a_stored_response_cannot_be_gone_on_with(client):
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        client.responses.create(model="m", input="Hello!", previous_response_id="resp_1")


MESSAGES = {
    "max_tokens": 40,
    "temperature": 0,
    "system": "You are kind.",
    "messages": [{"role": "user", "content": "Hello!"}],
}


def test_a_message_answers_and_its_stream_is_the_same(served):
    message = served.http.post("/v1/messages", json=MESSAGES).json()

    events = events_of(served, MESSAGES)

    (said,) = message["content"]
    assert "hello" in said["text"].lower()
    assert message["stop_reason"] == "end_turn"
    assert "".join(event["delta"].get("text", "") for event in events if "delta" in event) == said["text"]
    assert (events[0]["type"], events[-1]["type"]) == ("message_start", "message_stop")
    assert events[-2]["usage"]["output_tokens"] == message["usage"]["output_tokens"]


def test_a_messages_tokens_are_those_that_were_read(served):
    chat = {**MESSAGES, "max_tokens": 1}
    counted = served.http.post("/v1/messages/count_tokens", json=chat).json()["input_tokens"]

    usage = served.http.post("/v1/messages", json=chat).json()["usage"]

    assert counted == usage["input_tokens"] + usage["cache_read_input_tokens"]


def test_a_stop_sequence_ends_a_message(served):
    message = served.http.post("/v1/messages", json={**MESSAGES, "stop_sequences": ["!"]}).json()

    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "!")


def test_a_message_may_have_to_call(served):
    tools = [{"name": "pick", "input_schema": PARAMETERS}]
    choice = {"type": "tool", "name": "pick", "disable_parallel_tool_use": True}
    body = {**MESSAGES, "tools": tools, "tool_choice": choice}

    message = served.http.post("/v1/messages", json=body).json()
    events = events_of(served, body)

    (call,) = message["content"]
    partial = [event["delta"].get("partial_json", "") for event in events if "delta" in event]
    assert (call["type"], call["name"], call["input"]["n"] in (1, 2)) == ("tool_use", "pick", True)
    assert message["stop_reason"] == "tool_use"
    assert json.loads("".join(partial)) == call["input"]
