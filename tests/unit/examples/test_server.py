"""The client of `/chat`: what it sends, and which error each failure is."""

import asyncio
import json

import httpx
import pytest

from examples.discord_bot.notice import NOTICE_MARK, notice_of
from examples.discord_bot.server import (
    BusyServerError,
    ChatError,
    ChatServer,
    RefusedError,
    Reply,
    ServerDownError,
    SlowServerError,
)
from examples.discord_bot.turnstile import FullLineError


def ask(handler, *, api_key=None, timeout_s=30.0):
    async def asked():
        server = ChatServer(
            "http://corral.test/base",
            api_key=api_key,
            timeout_s=timeout_s,
            transport=httpx.MockTransport(handler),
        )
        try:
            return await server.ask({"userName": "Ann 日本"})
        finally:
            await server.close()

    return asyncio.run(asked())


def failure(answer):
    def handler(_):
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ChatError) as raised:
        ask(handler)
    return raised.value


def test_the_body_is_posted_to_chat_and_the_answer_read():
    requests = []

    def handler(request):
        requests.append(request)
        return httpx.Response(200, json={"emotion": "happy", "message": "Good."})

    reply = ask(handler, api_key="secret")

    assert reply == Reply("Good.", "happy")
    assert (requests[0].method, str(requests[0].url)) == ("POST", "http://corral.test/base/chat")
    assert requests[0].headers["Authorization"] == "Bearer secret"
    assert json.loads(requests[0].content) == {"userName": "Ann 日本"}


def test_without_a_key_no_key_is_sent():
    requests = []

    def handler(request):
        requests.append(request)
        return httpx.Response(200, json={"message": "Good."})

    assert ask(handler) == Reply("Good.", None)
    assert "Authorization" not in requests[0].headers


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("far"), httpx.RemoteProtocolError("cut off")],
)
def test_a_server_that_cannot_be_reached_is_down(error):
    found = failure(error)

    assert isinstance(found, ServerDownError)
    assert "cannot reach" in notice_of(found)


def test_an_answer_that_takes_too_long_is_given_up():
    cancelled = []

    async def handler(_):
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)

    with pytest.raises(SlowServerError) as raised:
        ask(handler, timeout_s=0.01)

    assert cancelled == [True]
    assert "too long" in notice_of(raised.value)


def test_a_read_that_times_out_is_slow():
    assert isinstance(failure(httpx.ReadTimeout("silent")), SlowServerError)


@pytest.mark.parametrize(
    ("retry_after", "words"),
    [("30", "in 30 seconds."), ("1", "in 1 second."), (None, "in a moment"), ("Fri, 01 Jan", "in a moment")],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_when_to_come_back(status, retry_after, words):
    headers = {} if retry_after is None else {"Retry-After": retry_after}

    found = failure(httpx.Response(status, headers=headers, text="loading"))

    assert isinstance(found, BusyServerError)
    assert words in notice_of(found)


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_explained_in_the_log_and_not_to_the_user(status):
    found = failure(httpx.Response(status, text="'genParams' is missing: secret detail"))

    assert isinstance(found, RefusedError)
    assert "secret detail" in str(found)
    assert "secret detail" not in notice_of(found)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text="x" * 10_000),
        httpx.Response(302, headers={"Location": "http://elsewhere.test/"}),
        httpx.Response(200, text="not JSON"),
        httpx.Response(200, content=b"\xff\xfe\xfd"),
        httpx.Response(200, json=["message"]),
        httpx.Response(200, json={"message": None}),
    ],
)
def test_any_other_answer_is_an_error_of_the_server(answer):
    found = failure(answer)

    assert type(found) is ChatError
    assert len(str(found)) < 600
    assert "something went wrong" in notice_of(found)


def test_an_emotion_that_is_no_text_is_none():
    assert ask(lambda _: httpx.Response(200, json={"message": "a", "emotion": 5})) == Reply("a", None)


def test_every_notice_can_be_known_in_a_chain():
    errors = [ChatError("x"), RefusedError("x"), BusyServerError("x", 3), FullLineError("x")]

    assert all(notice_of(error).startswith(NOTICE_MARK) for error in errors)
