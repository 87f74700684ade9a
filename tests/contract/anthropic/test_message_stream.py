"""Anthropic's events: their names and order, blocks, errors in mid-stream."""

from __future__ import annotations

import json

import msgspec
import pytest

from corral.core.errors import EngineCrashedError
from corral.core.outcome import FinishReason

PATH = "/v1/messages"
CHAT = {"max_tokens": 16, "messages": [{"role": "user", "content": "hi"}], "stream": True}
TOOLS = [{"name": "weather"}, {"name": "time"}]
HERMES = (
    "{# <think> #}{% for t in tools %}{{ t | tojson }}{% endfor %}{% for m in messages %}{{ m.content }}"
    "{% for c in m.tool_calls %}<tool_call>{{ c.function.arguments | tojson }}</tool_call>{% endfor %}"
    "{% endfor %}"
)


@pytest.fixture
def hermes(door):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=HERMES)


@pytest.fixture
def events(client):
    """Return the events of a stream; each stands under the name that its type says."""

    def read(body):
        reply = client.post(PATH, body)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/event-stream")
        return parsed(reply.text)

    return read


def parsed(stream):
    frames = [frame.split("\n") for frame in stream.removesuffix("\n\n").split("\n\n")]
    found = [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in frames]
    assert all(name == event["type"] for name, event in found)
    return [event for _, event in found]


def blocks(events):
    """Return what each block held, after checking that one is closed before the next begins."""
    found, is_open = [], False
    for event in events:
        if event["type"] == "content_block_start":
            assert not is_open
            assert event["index"] == len(found)
            found.append((event["content_block"], []))
            is_open = True
        elif event["type"] == "content_block_delta":
            assert is_open
            assert event["index"] == len(found) - 1
            found[-1][1].append(event["delta"])
        elif event["type"] == "content_block_stop":
            assert event["index"] == len(found) - 1
            is_open = False
    assert not is_open
    return found


def test_a_text_is_streamed_as_one_block(events):
    found = events(CHAT)

    assert [event["type"] for event in found] == [
        "message_start",
        "ping",
        "content_block_start",
        *["content_block_delta"] * 3,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    start = found[0]["message"]
    assert start["id"].startswith("msg_")
    assert (start["content"], start["stop_reason"], start["role"]) == ([], None, "assistant")
    assert start["usage"] == {"cache_read_input_tokens": 2, "input_tokens": 5, "output_tokens": 0}
    assert blocks(found) == [
        (
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": text} for text in ("Hel", "lo", "!")],
        )
    ]
    assert found[-2]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
    assert found[-2]["usage"] == {"output_tokens": 3}


def test_a_stop_sequence_is_told(events, door):
    door.reason, door.stop_text = FinishReason.STOP, "END"

    delta = events({**CHAT, "stop_sequences": ["END"]})[-2]["delta"]

    assert delta == {"stop_reason": "stop_sequence", "stop_sequence": "END"}


@pytest.mark.usefixtures("hermes")
def test_thoughts_text_and_calls_are_blocks_one_after_the_other(events, door):
    door.texts = [
        "<think>Hm",
        ".</think>",
        "Wait.",
        '<tool_call>{"name": "weather", "arguments": {"c',
        '": 1}}',
    ]
    door.texts += ['</tool_call><tool_call>{"name": "time", "arguments": {}}</tool_call>']

    found = events({**CHAT, "tools": TOOLS})

    thoughts, text, weather, time = blocks(found)
    assert thoughts[0] == {"type": "thinking", "thinking": "", "signature": ""}
    assert "".join(delta.get("thinking", "") for delta in thoughts[1]) == "Hm."
    assert thoughts[1][-1] == {"type": "signature_delta", "signature": ""}
    assert text == ({"type": "text", "text": ""}, [{"type": "text_delta", "text": "Wait."}])
    assert (weather[0]["type"], weather[0]["name"], weather[0]["input"]) == ("tool_use", "weather", {})
    assert "".join(delta["partial_json"] for delta in weather[1]) == '{"c": 1}'
    assert "".join(delta["partial_json"] for delta in time[1]) == "{}"
    assert weather[0]["id"] != time[0]["id"]
    assert found[-2]["delta"]["stop_reason"] == "tool_use"


def test_an_answer_without_text_has_no_block(events, door):
    door.texts = [""]

    assert [event["type"] for event in events(CHAT)] == [
        "message_start",
        "ping",
        "message_delta",
        "message_stop",
    ]


def test_a_refusal_before_the_first_event_is_a_plain_error(client, door, refused):
    door.refusal = EngineCrashedError("The engine ended")

    refused(client.post(PATH, CHAT), "The engine ended", status=503)


def test_an_error_in_mid_stream_is_an_event(events, door):
    door.failure = EngineCrashedError("The engine ended")

    found = events(CHAT)

    assert found[-1]["type"] == "error"
    assert found[-1]["error"]["message"] == "The engine ended"
    assert "message_stop" not in [event["type"] for event in found]
