"""A model is held from before its handler until its whole answer is sent, or its client has left."""

import asyncio
import json

import pytest

from corral.core.errors import InternalError, InvalidRequestError, UnavailableError
from corral.core.settings import Settings

CHAT = {"messages": [{"role": "user", "content": "hi"}]}
BODIES = {"/completion": {"prompt": "a"}, "/v1/completions": {"prompt": "a"}, "/v1/chat/completions": CHAT}
SECONDS = 5  # a test that waits longer hangs


class Browser:
    """One request by hand. `leave` closes the connection; `on_send` sees each message of the answer."""

    def __init__(self, path, body, on_send=lambda _message: None):
        self.sent = []
        self._content = json.dumps(body).encode()
        self._path = path
        self._on_send = on_send
        self._messages = [{"type": "http.request", "body": self._content, "more_body": False}]
        self._has_left = asyncio.Event()

    def leave(self):
        self._has_left.set()

    async def ask(self, app):
        await asyncio.wait_for(app(self._scope(), self._receive, self._send), SECONDS)

    async def _receive(self):
        if self._messages:
            return self._messages.pop()
        await self._has_left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        self.sent.append(message)
        self._on_send(message)

    def _scope(self):
        path, _, query = self._path.partition("?")
        return {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"content-length", b"%d" % len(self._content))],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("corral", 80),
            "asgi": {"version": "3.0"},
        }


def held(client):
    return [lease.is_held for lease in client.models.leases]


@pytest.fixture(params=["one", "many"])
def either(request, client, many):
    return client if request.param == "one" else many


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("path", BODIES)
def test_it_is_held_while_the_answer_is_sent_and_no_longer(either, path, is_stream):
    seen = []
    browser = Browser(path, {**BODIES[path], "stream": is_stream}, lambda _message: seen.append(held(either)))

    asyncio.run(browser.ask(either.app))

    assert browser.sent[-1].get("more_body", False) is False
    assert len(seen) >= 2
    assert all(state == [True] for state in seen)
    assert held(either) == [False]


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("path", BODIES)
def test_a_client_that_leaves_frees_it(either, door, path, is_stream):
    door.is_endless = True

    async def leave_when_it_runs():
        browser = Browser(path, {**BODIES[path], "stream": is_stream})
        asking = asyncio.create_task(browser.ask(either.app))
        await door.is_entered.wait()
        assert held(either) == [True]
        browser.leave()
        await asking

    asyncio.run(leave_when_it_runs())

    assert held(either) == [False]
    assert door.cancelled == [request.request_id for request in door.requests]


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("fault", [InternalError("x"), RuntimeError("x")])
def test_an_error_frees_it(either, door, fault, is_stream):
    door.failure = fault
    assert either.post("/completion", {"prompt": "a", "stream": is_stream}).status_code in (200, 500)
    door.failure, door.refusal = None, fault
    assert either.post("/completion", {"prompt": "a", "stream": is_stream}).status_code == 500
    door.refusal, door.before = None, fault
    assert either.post("/completion", {"prompt": "a", "stream": is_stream}).status_code == 500

    assert held(either) == [False, False, False]


def test_a_refused_body_frees_it(either, refused):
    refused(either.post("/completion", {"prompt": "a", "n_predict": "many"}))

    assert held(either) == [False]


def test_what_cannot_be_opened_is_told_and_nothing_is_held(many, refused):
    many.models.refusals["other"] = UnavailableError("No memory is free", retry_after_s=7)

    reply = many.post("/completion", {"prompt": "a", "model": "other", "stream": True})

    refused(reply, "No memory is free", status=503)
    assert reply.headers["retry-after"] == "7"
    assert held(many) == []


def test_a_request_waits_until_its_model_is_loaded_and_others_do_not(many):
    many.models.slow.add("other")

    async def ask_both():
        waiting = Browser("/completion", {"prompt": "a", "model": "other"})
        quick = Browser("/completion", {"prompt": "a"})
        asking = asyncio.create_task(waiting.ask(many.app))
        await many.models.is_loading.wait()
        await quick.ask(many.app)
        before = list(waiting.sent)
        many.models.release.set()
        await asking
        return before, waiting.sent, quick.sent

    before, waited, quick = asyncio.run(ask_both())

    assert before == []
    assert waited[0]["status"] == quick[0]["status"] == 200
    assert held(many) == [False, False]


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_client_that_leaves_while_the_model_loads_waits_no_longer(either, is_stream):
    either.models.slow.add("tiny")

    async def leave_while_it_loads():
        browser = Browser("/completion", {"prompt": "a", "stream": is_stream})
        asking = asyncio.create_task(browser.ask(either.app))
        await either.models.is_loading.wait()
        browser.leave()
        await asking
        return browser.sent

    assert asyncio.run(leave_while_it_loads()) == []
    assert held(either) == []


def test_a_client_that_leaves_in_the_moment_of_the_load_leaves_nothing_held(either, door):
    either.models.slow.add("tiny")

    async def leave_as_it_is_ready():
        browser = Browser("/completion", {"prompt": "a"})
        asking = asyncio.create_task(browser.ask(either.app))
        await either.models.is_loading.wait()
        either.models.release.set()
        browser.leave()
        await asking

    door.is_endless = True
    asyncio.run(leave_as_it_is_ready())

    assert True not in held(either)


@pytest.mark.parametrize("n_turns", range(6))
def test_a_server_that_ends_a_request_at_any_moment_leaves_nothing_held(either, door, n_turns):
    either.models.slow.add("tiny")
    door.is_endless = True

    async def cut():
        browser = Browser("/completion", {"prompt": "a"})
        asking = asyncio.create_task(browser.ask(either.app))
        await either.models.is_loading.wait()
        either.models.release.set()
        for _ in range(n_turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
        assert asking.cancelled()

    asyncio.run(cut())

    assert True not in held(either)


def test_a_template_of_the_models_own_that_is_wrong_frees_it(many, refused):
    chat = {"template": "{% if %}"}
    many.models.own_settings["other"] = Settings(chat=type(Settings().chat)(**chat))

    refused(many.post("/completion", {"prompt": "a", "model": "other"}), "--chat-template", status=500)
    assert held(many) == [False]


def test_a_bad_request_of_the_engine_frees_it(either, door, refused):
    door.refusal = InvalidRequestError("no")

    refused(either.post("/completion", {"prompt": "a", "stream": True}), "no")
    assert held(either) == [False]
