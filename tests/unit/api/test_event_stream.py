"""Streams and plain answers while the client stays, keeps silent, or leaves."""

import asyncio

import pytest

from corral.api.connection import ClientGoneError, while_connected
from corral.api.generation.request import Ask
from corral.api.sse import KEEP_ALIVE, EventStream
from corral.core.errors import InvalidRequestError
from corral.core.outcome import SequenceOutput, SequenceStart
from corral.core.request import GenerationRequest
from corral.gateway.generation import Generation

REQUEST = GenerationRequest(request_id="a", prompt=["x"])
START = SequenceStart("a", 0, 0, 1, 0, 7, False)
TEXT = SequenceOutput("a", 0, "hi", [1], [], None)


class Letters:
    """A shaper of one word per event."""

    def start(self, _ask, _start):
        return b"start "

    def output(self, _ask, output):
        return output.text.encode()

    def close(self):
        return b" close"


class Exchange:
    """One HTTP exchange over a door of one generation, which the test feeds by hand."""

    def __init__(self, keep_alive_s=60.0):
        self.sent = []
        self.cancelled = []
        self.has_left = asyncio.Event()
        self.progress = asyncio.Event()
        self.generation = Generation(REQUEST, self._enter, self.cancelled.append)
        self.stream = EventStream(self, [Ask("x", REQUEST, 0)], Letters(), keep_alive_s=keep_alive_s)

    def generate(self, _request):
        return self.generation

    async def _enter(self, _generation):
        pass

    async def receive(self):
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.sent.append(message)
        self.progress.set()

    async def has_sent(self, data, n_times):
        while self.body.count(data) < n_times:
            self.progress.clear()
            await self.progress.wait()

    async def serve(self):
        await self.stream({"type": "http"}, self.receive, self.send)

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.sent)


def test_a_stream_opens_with_the_first_event_and_ends():
    async def scene():
        exchange = Exchange()
        serving = asyncio.create_task(exchange.serve())
        await asyncio.sleep(0)
        assert exchange.sent == []
        for event in (START, TEXT):
            exchange.generation.put(event)
        exchange.generation.finish()
        await serving
        return exchange

    exchange = asyncio.run(scene())

    assert exchange.body == b"start hi close"
    assert [message["type"] for message in exchange.sent].count("http.response.start") == 1
    assert exchange.sent[-1]["more_body"] is False
    assert exchange.cancelled == []


def test_a_refusal_before_the_first_event_is_raised_and_nothing_is_sent():
    async def scene():
        exchange = Exchange()
        exchange.generation.fail(InvalidRequestError("no"))
        with pytest.raises(InvalidRequestError):
            await exchange.serve()
        return exchange

    assert asyncio.run(scene()).sent == []


@pytest.mark.parametrize("events", [[], [START], [START, TEXT]])
def test_a_client_that_leaves_cancels_at_once(events):
    async def scene():
        exchange = Exchange()
        for event in events:
            exchange.generation.put(event)
        serving = asyncio.create_task(exchange.serve())
        await asyncio.sleep(0.01)
        exchange.has_left.set()
        with pytest.raises(ClientGoneError):
            await serving
        return exchange

    assert len(asyncio.run(scene()).cancelled) == 1


def test_a_socket_that_breaks_while_sending_cancels():
    async def scene():
        exchange = Exchange()

        async def broken(_message):
            raise ConnectionResetError

        exchange.send = broken
        exchange.generation.put(START)
        await exchange.serve()
        return exchange

    assert len(asyncio.run(scene()).cancelled) == 1


def test_silence_is_broken_by_comments_even_before_the_first_event():
    async def scene():
        exchange = Exchange(keep_alive_s=0.01)
        serving = asyncio.create_task(exchange.serve())
        await asyncio.wait_for(exchange.has_sent(KEEP_ALIVE, 2), 5)
        exchange.generation.put(START)
        exchange.generation.fail(InvalidRequestError("late"))
        await serving
        return exchange

    exchange = asyncio.run(scene())

    assert exchange.body.startswith(KEEP_ALIVE)
    assert b'"message":"late"' in exchange.body
    assert exchange.body.endswith(b" close")


def test_without_an_interval_a_stream_waits_as_long_as_it_takes():
    async def scene():
        exchange = Exchange(keep_alive_s=None)
        serving = asyncio.create_task(exchange.serve())
        await asyncio.sleep(0)
        exchange.generation.put(START)
        exchange.generation.fail(InvalidRequestError("late"))
        await serving
        return exchange

    exchange = asyncio.run(scene())

    assert KEEP_ALIVE not in exchange.body
    assert exchange.body.endswith(b" close")


def test_work_for_a_client_that_leaves_is_cancelled():
    async def scene():
        exchange = Exchange()
        ended = []

        async def work():
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cancelled")

        exchange.has_left.set()
        with pytest.raises(ClientGoneError):
            await while_connected(exchange.receive, work())
        return ended

    assert asyncio.run(scene()) == ["cancelled"]


def test_work_that_ends_first_gives_its_result_or_error():
    async def value():
        return 5

    async def fault():
        raise InvalidRequestError("no")

    async def scene():
        exchange = Exchange()
        assert await while_connected(exchange.receive, value()) == 5
        with pytest.raises(InvalidRequestError):
            await while_connected(exchange.receive, fault())

    asyncio.run(scene())
