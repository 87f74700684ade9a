"""`return_progress`: how far a prompt is, told in streams."""

import pytest

BODIES = {
    "/completion": {"prompt": "hi"},
    "/v1/completions": {"prompt": "hi"},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]},
}
PROGRESS = {"total": 7, "cache": 2, "processed": 7, "time_ms": 1.5}


@pytest.mark.parametrize("path", BODIES)
def test_a_stream_tells_of_the_prompt_when_asked_to(client, path):
    told = client.events(path, {**BODIES[path], "return_progress": True})
    silent = client.events(path, BODIES[path])

    assert [event["prompt_progress"] for event in told if "prompt_progress" in event] == [PROGRESS]
    assert not any("prompt_progress" in event for event in silent)


@pytest.mark.parametrize("path", BODIES)
def test_it_has_timings_where_every_event_has_them(client, path):
    options = {"return_progress": True, "timings_per_token": True}

    (event,) = [e for e in client.events(path, {**BODIES[path], **options}) if "prompt_progress" in e]

    timings = event["timings"]
    assert (timings["cache_n"], timings["prompt_n"], timings["prompt_ms"]) == (2, 5, 1.5)
    assert (timings["predicted_n"], timings["predicted_ms"]) == (0, 0.0)


@pytest.mark.parametrize("path", BODIES)
def test_the_text_of_a_stream_stays_the_same(client, path):
    def text(events):
        contents = [event.get("content") for event in events if isinstance(event, dict)]
        choices = [event["choices"][0] for event in events if isinstance(event, dict) and "choices" in event]
        return "".join(filter(None, contents)), [choice["finish_reason"] for choice in choices][-1:]

    told = text(client.events(path, {**BODIES[path], "return_progress": True}))

    assert told == text(client.events(path, BODIES[path]))


def test_a_whole_answer_does_not_ask_for_it(client, door):
    client.post("/completion", {"prompt": "hi", "return_progress": True})

    assert not door.requests[0].is_progress_wanted


def test_a_least_indentation_reaches_the_engine(client, door):
    client.post("/completion", {"prompt": "hi", "n_indent": 4})

    assert door.requests[0].n_indent == 4
