"""The streams of the admin API: states of models, and how far a download is."""

import asyncio
import json

import pytest
from starlette.requests import Request

from corral.core.errors import ModelLoadError
from corral.core.model_view import ModelState

PRESENT = [
    {"n": 0, "model": "owner/big:Q4_K_M", "state": "ready", "progress": None, "reason": ""},
    {"n": 0, "model": "tiny.gguf", "state": "unloaded", "progress": None, "reason": ""},
]


def frames(reply):
    assert reply.headers["content-type"] == "text/event-stream"
    return [json.loads(line[6:]) for line in reply.text.split("\n") if line.startswith("data: ")]


def test_news_begin_with_the_present_and_go_on_with_each_change(admin, models):
    models.news = [("tiny.gguf", ModelState.LOADING, 0.5), ("tiny.gguf", ModelState.READY, None)]

    events = frames(admin.get("/admin/events"))

    assert events == [
        *PRESENT,
        {"n": 1, "model": "tiny.gguf", "state": "loading", "progress": 0.5, "reason": ""},
        {"n": 2, "model": "tiny.gguf", "state": "ready", "progress": None, "reason": ""},
    ]


def test_a_pull_answers_with_the_model(admin, models):
    reply = admin.post("/admin/pull", {"source": "owner/name:Q8_0"})

    assert reply.json()["name"] == "owner/name:Q8_0"
    assert models.calls == [("pull", "owner/name:Q8_0")]


def test_a_streamed_pull_tells_how_far_it_is(admin, models):
    models.news = [
        ("tiny.gguf", ModelState.LOADING, 0.5),
        ("owner/name:Q8_0", ModelState.DOWNLOADING, 0.25),
    ]

    reply = admin.post("/admin/pull", {"source": "owner/name:Q8_0", "stream": True})

    download, last = frames(reply)
    assert download["download"]["model"] == "owner/name:Q8_0"
    assert download["download"]["progress"] == 0.25
    assert last["model"]["name"] == "owner/name:Q8_0"


def test_a_pull_that_fails_in_mid_stream_ends_with_the_error(admin, models):
    models.refusal = ModelLoadError("There is no repository owner/name.")

    reply = admin.post("/admin/pull", {"source": "owner/name", "stream": True})

    (last,) = frames(reply)
    assert last["error"]["message"] == "There is no repository owner/name."


class Listener:
    """A client of one route, without a server between: takes `n` events, then leaves."""

    def __init__(self, admin, path, n, body=None):
        self._handler = admin.handler(path)
        self._servings = admin.servings
        self._n = n
        self._body = body
        self.sent = []
        self._left = asyncio.Event()

    async def listen(self, **scope):
        scope = {"type": "http", "method": "GET", "headers": [], "path_params": {}, **scope}
        request = Request(scope, self._receive)
        reply = await self._handler(request, self._servings)
        await reply(scope, self._receive, self._send)

    async def _receive(self):
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        self.sent.append(message.get("body", b""))
        if sum(map(bool, self.sent)) >= self._n:
            self._left.set()


@pytest.fixture
def listen():
    """Let a listener hear until it leaves; whatever the route started must be gone then."""

    def run(listener, **scope):
        async def whole():
            async with asyncio.timeout(10):
                with pytest.raises(ConnectionError):
                    await listener.listen(**scope)
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(whole())

    return run


def test_silence_is_broken_by_comments(make_admin, models, listen):
    models.has_end = False
    listener = Listener(make_admin(ping_s=0.001), "/admin/events", 5)

    listen(listener)

    assert listener.sent[-1] == b":\n\n"


def test_who_leaves_hears_no_more_and_leaves_nothing_behind(make_admin, models, listen):
    models.has_end = False
    listener = Listener(make_admin(ping_s=None), "/admin/events", 2)

    listen(listener)

    assert len([data for data in listener.sent if data]) == 2


def test_who_leaves_a_pull_ends_it(make_admin, models, listen):
    models.has_end = False
    models.is_slow = True
    body = json.dumps({"source": "owner/name", "stream": True}).encode()
    listener = Listener(make_admin(ping_s=0.001), "/admin/pull", 1, body)

    listen(listener, method="POST")

    assert models.was_pull_cancelled


def test_head_of_a_stream_ends_at_once(admin, models):
    models.has_end = False

    assert admin.call("HEAD", "/admin/events").status_code == 200
