"""/v1/messages, as Anthropic's clients speak it."""

from __future__ import annotations

import pytest

HELLO = [{"role": "user", "content": "Say hello"}]
USE = {"type": "tool_use", "id": "test123", "name": "get_weather", "input": {"location": "Paris"}}
RESULT = {"type": "tool_result", "tool_use_id": "test123", "content": "Sunny, 25°C"}
TOOL = {
    "name": "get_weather",
    "description": "Get the current weather",
    "input_schema": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="


@pytest.fixture
def jinja(serve):
    return serve(no_jinja=False, jinja=True)


def ask(server, messages=HELLO, **fields):
    reply = server.post("/v1/messages", {"model": "test", "max_tokens": 16, "messages": messages, **fields})
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_a_message_is_answered_in_anthropics_shape(server):
    message = ask(server)

    assert (message["type"], message["role"]) == ("message", "assistant")
    assert message["content"][0]["type"] == "text"
    assert message["content"][0]["text"]
    assert message["stop_reason"] in ("end_turn", "max_tokens")
    assert all(
        isinstance(message["usage"][name], int) for name in ("cache_read_input_tokens", "input_tokens")
    )
    assert message["usage"]["output_tokens"] > 0
    assert {"timings", "object", "choices"}.isdisjoint(message)


@pytest.mark.parametrize(
    "fields",
    [
        {"system": "You are a helpful assistant."},
        {"system": [{"type": "text", "text": "You are kind."}]},
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
            ]
        },
        {"messages": [*HELLO, {"role": "assistant", "content": "Hi there!"}, *HELLO]},
        {"stop_sequences": ["\n", "END"]},
        {"temperature": 0.5, "top_p": 0.9, "top_k": 40},
        {"thinking": {"type": "enabled", "budget_tokens": 50}},
        {"metadata": {"user_id": "someone"}},
        {"tools": [TOOL]},
        {
            "messages": [
                *HELLO,
                {"role": "assistant", "content": [USE]},
                {"role": "user", "content": [RESULT]},
            ]
        },
        {
            "messages": [
                *HELLO,
                {"role": "assistant", "content": [USE]},
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "Here:"}, {**RESULT, "is_error": True}],
                },
            ]
        },
    ],
)
def test_every_option_is_taken(jinja, fields):
    assert ask(jinja, **fields)["type"] == "message"


@pytest.mark.parametrize("tools", [[], [TOOL]])
def test_a_stream_has_its_events_in_order_and_closes_every_block(jinja, tools):
    events = list(
        jinja.stream("/v1/messages", {"model": "m", "max_tokens": 16, "messages": HELLO, "tools": tools})
    )

    kinds = [event["type"] for event in events]
    begun = [event["index"] for event in events if event["type"] == "content_block_start"]
    ended = [event["index"] for event in events if event["type"] == "content_block_stop"]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert begun == sorted(ended) == list(range(len(begun)))
    assert events[0]["message"]["content"] == []
    assert events[0]["message"]["usage"]["input_tokens"] > 0
    assert events[-2]["delta"]["stop_reason"] in ("end_turn", "max_tokens", "tool_use")
    assert events[-2]["usage"]["output_tokens"] > 0
    assert all("timings" not in event for event in events)
    deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
    assert deltas
    assert all(delta["type"] != "text_delta" or delta["text"] for delta in deltas)


def test_tokens_are_counted_without_a_limit(server):
    plain = server.post("/v1/messages/count_tokens", {"model": "m", "messages": HELLO}).json()
    longer = server.post("/v1/messages/count_tokens", {"messages": HELLO, "system": "You are kind."}).json()

    assert set(plain) == {"input_tokens"}
    assert 0 < plain["input_tokens"] < longer["input_tokens"]


def test_without_messages_it_is_refused(server):
    assert 400 <= server.post("/v1/messages", {"model": "m", "max_tokens": 5}).status_code < 500


def test_an_image_needs_a_model_that_sees(server):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}

    reply = server.post(
        "/v1/messages",
        {"max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "image", "source": source}]}]},
    )

    assert reply.status_code in (400, 500, 501)
    assert "image" in reply.json()["error"]["message"].lower()
