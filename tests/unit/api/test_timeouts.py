from __future__ import annotations

import asyncio

import pytest

from corral.api.connection import ClientGoneError
from corral.api.errors import BodyTimeoutError
from corral.api.timeouts import SocketTimeouts

SCOPE = {"type": "http"}


async def never(*_):
    await asyncio.Event().wait()


async def nothing(_message):
    pass


def serve(app, receive, send):
    asyncio.run(asyncio.wait_for(SocketTimeouts(app, 0.01)(SCOPE, receive, send), 5))


async def reader(_scope, receive, _send):
    await receive()


async def writer(_scope, _receive, send):
    await send({"type": "http.response.body", "body": b"x"})


def test_a_body_that_does_not_come_is_an_error():
    with pytest.raises(BodyTimeoutError, match=r"within 0\.01 s"):
        serve(reader, never, nothing)


def test_a_client_that_does_not_read_is_gone():
    with pytest.raises(ClientGoneError):
        serve(writer, never, never)


def test_a_write_may_wait_more_than_once():
    steps = []

    async def slow(message):
        for _ in range(3):
            await asyncio.sleep(0)
        steps.append(message["body"])

    serve(writer, never, slow)

    assert steps == [b"x"]


def test_a_write_that_is_cancelled_can_clean_up():
    steps = []

    async def blocked(_message):
        try:
            await never()
        finally:
            await asyncio.sleep(0)
            steps.append("cleaned")

    async def leave():
        serving = asyncio.ensure_future(SocketTimeouts(writer, 60)(SCOPE, never, blocked))
        await asyncio.sleep(0)
        serving.cancel()
        await serving

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(leave())
    assert steps == ["cleaned"]


def test_an_error_of_a_write_is_told_whether_it_waited_or_not():
    async def broken(_message):
        raise BrokenPipeError

    async def broken_later(_message):
        await asyncio.sleep(0)
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        serve(writer, never, broken)
    with pytest.raises(BrokenPipeError):
        serve(writer, never, broken_later)


def test_waiting_for_the_client_to_leave_has_no_bound():
    messages = [{"type": "http.request", "body": b"", "more_body": False}]
    is_waiting = asyncio.Event()

    async def receive():
        if messages:
            return messages.pop()
        is_waiting.set()
        return await never()

    async def app(_scope, receive, _send):
        await receive()
        leaving = asyncio.ensure_future(receive())
        await is_waiting.wait()
        done, _ = await asyncio.wait({leaving}, timeout=0.05)
        assert not done
        leaving.cancel()

    serve(app, receive, nothing)


def test_what_is_no_request_passes_through():
    seen = []

    async def app(scope, receive, send):
        seen.append((scope, receive, send))

    asyncio.run(SocketTimeouts(app, 1)({"type": "lifespan"}, never, nothing))

    assert seen == [({"type": "lifespan"}, never, nothing)]
