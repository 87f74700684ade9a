"""The events of a streamed response: their order, their numbers, items bit by bit."""

from __future__ import annotations

import json

import msgspec
import pytest

from corral.core.errors import EngineCrashedError

PATH = "/v1/responses"
BODY = {"input": "hi", "stream": True}
TOOLS = [{"type": "function", "name": "weather"}, {"type": "function", "name": "time"}]
HERMES = (
    "{# <think> #}{% for t in tools %}{{ t | tojson }}{% endfor %}{% for m in messages %}{{ m.content }}"
    "{% for c in m.tool_calls %}<tool_call>{{ c.function.arguments | tojson }}</tool_call>{% endfor %}"
    "{% endfor %}"
)


@pytest.fixture
def events(client):
    """Return the events of a stream; each stands under the name that its type says, and is numbered."""

    def read(body):
        reply = client.post(PATH, body)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/event-stream")
        frames = [frame.split("\n") for frame in reply.text.removesuffix("\n\n").split("\n\n")]
        pairs = [
            (name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in frames
        ]
        assert all(name == event["type"] for name, event in pairs)
        assert [event["sequence_number"] for _, event in pairs] == list(range(len(pairs)))
        return [event for _, event in pairs]

    return read


def kinds(events):
    return [event["type"].removeprefix("response.") for event in events]


def test_a_text_is_streamed_as_one_item(events):
    found = events(BODY)

    assert kinds(found) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        *["output_text.delta"] * 3,
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    (item,) = found[-1]["response"]["output"]
    assert "".join(event.get("delta", "") for event in found) == item["content"][0]["text"] == "Hello!"
    assert {event["item_id"] for event in found if "item_id" in event} == {item["id"]}
    assert {event["output_index"] for event in found[2:-1]} == {0}
    assert found[0]["response"]["id"] == found[-1]["response"]["id"]
    assert (found[0]["response"]["status"], found[-1]["response"]["status"]) == ("in_progress", "completed")
    assert found[2]["item"]["content"] == []
    assert found[-2]["item"] == item
    assert found[-1]["response"]["usage"]["total_tokens"] == 10
    assert found[-1]["timings"]["prompt_n"] == 5
    assert not any("timings" in event for event in found[:-1])


def test_progress_and_timings_are_told_if_they_are_wanted(events):
    found = events({**BODY, "return_progress": True, "timings_per_token": True})

    (progress,) = [event for event in found if "prompt_progress" in event]
    deltas = [event for event in found if event["type"] == "response.output_text.delta"]
    assert progress["type"] == "response.in_progress"
    assert progress["prompt_progress"]["total"] == 7
    assert progress["prompt_progress"]["processed"] >= progress["prompt_progress"]["cache"]
    assert [event["timings"]["predicted_n"] for event in deltas] == [1, 2, 3]


def test_thoughts_text_and_calls_are_items_one_after_the_other(events, door):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template=HERMES)
    door.texts = [
        "<think>Hm",
        ".</think>",
        "Wait.",
        '<tool_call>{"name": "weather", "arguments": {"c',
        '": 1}}',
    ]
    door.texts += ['</tool_call><tool_call>{"name": "time", "arguments": {}}</tool_call>']

    found = events({**BODY, "tools": TOOLS})

    output = found[-1]["response"]["output"]
    added = [event for event in found if event["type"] == "response.output_item.added"]
    done = [event for event in found if event["type"] == "response.output_item.done"]
    arguments = [event for event in found if event["type"] == "response.function_call_arguments.done"]
    deltas = [event for event in found if event["type"] == "response.function_call_arguments.delta"]
    assert [item["type"] for item in output] == ["reasoning", "message", "function_call", "function_call"]
    assert [event["output_index"] for event in added] == [0, 1, 2, 3]
    assert [event["item"] for event in done] == output
    assert output[0]["content"] == [{"type": "reasoning_text", "text": "Hm."}]
    assert [event["arguments"] for event in arguments] == ['{"c": 1}', "{}"]
    assert "".join(event["delta"] for event in deltas if event["output_index"] == 2) == '{"c": 1}'
    assert {event["item_id"] for event in deltas} == {item["id"] for item in output[2:]}
    assert found[-1]["response"]["usage"]["output_tokens_details"] == {"reasoning_tokens": 2}


def test_an_answer_without_text_has_no_item(events, door):
    door.texts = [""]

    assert kinds(events(BODY)) == ["created", "in_progress", "completed"]


def test_an_error_in_mid_stream_is_an_event_and_nothing_completes(client, door):
    door.failure = EngineCrashedError("The engine ended")

    stream = client.post(PATH, BODY).text

    last = json.loads(stream.removesuffix("\n\n").split("\n")[-1].removeprefix("data: "))
    assert last["error"]["message"] == "The engine ended"
    assert "response.completed" not in stream
    assert "[DONE]" not in stream
