"""A client that disconnects: its request is cancelled, streamed or not, and nothing is answered."""

import asyncio
import json
import threading

import msgspec
import pytest

from corral.api.threads import in_thread, limit_threads

CHAT = {"messages": [{"role": "user", "content": "hi"}]}
BODIES = {"/completion": {"prompt": "a"}, "/v1/completions": {"prompt": "a"}, "/v1/chat/completions": CHAT}


async def leave_after_the_body(app, path, body):
    """Send a request, wait until it runs, disconnect; return what was sent."""
    sent = []
    content = json.dumps(body).encode()
    messages = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive():
        if messages:
            return messages.pop()
        await asyncio.sleep(0.02)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-length", b"%d" % len(content))],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("corral", 80),
        "asgi": {"version": "3.0"},
    }
    await asyncio.wait_for(app(scope, receive, send), 5)
    return sent


@pytest.mark.parametrize("path", BODIES)
def test_leaving_a_plain_request_cancels_it(client, door, path):
    door.is_endless = True

    sent = asyncio.run(leave_after_the_body(client.app, path, BODIES[path]))

    assert sent == []
    assert door.cancelled == [request.request_id for request in door.requests] != []


@pytest.mark.parametrize("path", BODIES)
def test_leaving_a_stream_cancels_it(client, door, path):
    door.is_endless = True

    sent = asyncio.run(leave_after_the_body(client.app, path, {**BODIES[path], "stream": True}))

    assert sent[0]["status"] == 200
    assert door.cancelled == [request.request_id for request in door.requests] != []


@pytest.mark.parametrize("is_stream", [False, True])
def test_leaving_cancels_all_prompts(client, door, is_stream):
    door.is_endless = True

    asyncio.run(leave_after_the_body(client.app, "/completion", {"prompt": ["a", "b"], "stream": is_stream}))

    assert sorted(door.cancelled) == sorted(request.request_id for request in door.requests)
    assert len(door.cancelled) == 2


@pytest.mark.parametrize("is_stream", [False, True])
def test_one_prompt_that_fails_ends_them_all(client, door, is_stream):
    door.is_endless = True
    door.texts = []
    play = door._play

    def play_or_fail(generation):
        door.refusal = RuntimeError("fault") if generation.request.prompt == ["b"] else None
        play(generation)

    door._play = play_or_fail

    reply = client.post("/completion", {"prompt": ["a", "b"], "stream": is_stream})

    assert "Internal server error" in reply.text
    assert door.cancelled == [door.requests[0].request_id]


def test_leaving_while_images_are_loaded_ends_the_request(client, door):
    door.model_facts = msgspec.structs.replace(door.model_facts, has_vision=True)
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    chat = {"messages": [{"role": "user", "content": [image]}]}
    release = threading.Event()

    async def leave_while_all_threads_are_busy():
        limit_threads(1)
        busy = asyncio.ensure_future(in_thread(release.wait))
        try:
            return await leave_after_the_body(client.app, "/v1/chat/completions", chat)
        finally:
            release.set()
            await busy

    sent = asyncio.run(leave_while_all_threads_are_busy())

    assert sent == door.requests == []
