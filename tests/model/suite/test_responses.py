"""/v1/responses, by plain HTTP and by OpenAI's client."""

from __future__ import annotations

import pytest

BOOK = [{"role": "system", "content": "Book"}, {"role": "user", "content": "What is the best book"}]


def text_of(reply):
    return next(item for item in reply["output"] if item["type"] == "message")["content"][0]["text"]


@pytest.mark.parametrize("path", ["/responses", "/v1/responses"])
def test_a_format_with_one_value_gives_that_value(server, path):
    wanted = {"type": "json_schema", "name": "test", "schema": {"const": "foooooo"}}

    reply = server.post(
        path, {"input": "Write an example", "max_output_tokens": 20, "text": {"format": wanted}}
    )

    assert reply.status_code == 200
    assert text_of(reply.json()) == '"foooooo"'


@pytest.mark.parametrize(("kind", "status"), [("json_object", 200), ("text", 200), ("json_schema", 400)])
def test_other_formats_are_taken_and_a_schema_must_be_given(server, kind, status):
    body = {
        "input": "Write an example",
        "max_output_tokens": 10,
        "text": {"format": {"type": kind, "name": "test"}},
    }

    reply = server.post("/responses", body)

    assert reply.status_code == status
    assert ("error" in reply.json() and reply.json()["error"] is not None) is (status == 400)


def test_openais_client_gets_a_response_whole_and_as_events(server):
    options = {"model": "gpt-4.1", "input": BOOK, "max_output_tokens": 8, "temperature": 0.8}

    with server.openai() as client:
        whole = client.responses.create(**options)
        events = list(client.responses.create(**options, stream=True))

    first, *_, last = events
    deltas = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    added = [event.item.id for event in events if event.type == "response.output_item.added"]
    named = {event.item_id for event in events if hasattr(event, "item_id")}
    assert whole.id.startswith("resp_")
    assert whole.output[0].id.startswith("msg_")
    assert (first.type, last.type) == ("response.created", "response.completed")
    assert first.response.id == last.response.id
    assert named == set(added)
    assert added[0].startswith("msg_")
    assert deltas == last.response.output_text == whole.output_text != ""


def test_progress_and_timings_come_when_asked_for(serve):
    server = serve(ctx_size=256, parallel=1, batch_size=32, alias="telemetry")
    body = {
        "input": "This is a test" * 10,
        "max_output_tokens": 8,
        "timings_per_token": True,
        "return_progress": True,
    }

    events = list(server.stream("/responses", body))

    told = [event for event in events if "prompt_progress" in event]
    *_, last = events
    assert told
    assert {event["type"] for event in told} == {"response.in_progress"}
    assert all(
        0 < event["prompt_progress"]["processed"] + 1 <= event["prompt_progress"]["total"] + 1
        for event in told
    )
    assert any("timings" in event for event in events if event["type"] == "response.output_text.delta")
    assert "prompt_per_second" in last["timings"]
    assert last["response"]["usage"]
