"""A server of a few lines that streams as it is told to."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from corral.bench.comparison import Sample
from corral.bench.dialect import FinalCount
from corral.bench.measurement import RunMeasurement, measure_run
from corral.bench.outcome import Outcome
from corral.bench.recorder import Trace
from corral.bench.scenario import Scenario
from corral.bench.target import Target

Answer = Callable[[str, dict[str, Any]], bytes]


def well_behaved(path: str, body: dict[str, Any]) -> bytes:
    """Answer as llama-server does."""
    if path == "/tokenize":
        return FakeServer.plain(b'{"tokens": [5, 6, 7, 8]}')
    return FakeServer.chunked(FakeServer.native_events(body["n_predict"], len(body["prompt"])))


class FakeServer:
    """Gives `answer` the path and the JSON of each request, sends what it returns, keeps the requests."""

    def __init__(self, answer: Answer = well_behaved, *, is_silent: bool = False) -> None:
        self.answer = answer
        self.is_silent = is_silent
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str] = []

    @staticmethod
    def native_events(n_predict: int, n_prompt: int = 3) -> list[bytes]:
        token = {"content": "a", "tokens": [9], "stop": False}
        final = {"content": "", "stop": True, "tokens_predicted": n_predict, "tokens_evaluated": n_prompt}
        return [b"data: %s\n\n" % json.dumps(event).encode() for event in [*[token] * n_predict, final]]

    @staticmethod
    def chunked(parts: Sequence[bytes], end: bytes = b"0\r\n\r\n") -> bytes:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end

    @staticmethod
    def plain(body: bytes, status: str = "200 OK") -> bytes:
        return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)

    @contextlib.asynccontextmanager
    async def listening(self, name: str = "A") -> AsyncIterator[Target]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield Target(name, "127.0.0.1", server.sockets[0].getsockname()[1])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client that only connects, or leaves early, is no error of the server.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            n_bytes = int(head.partition("Content-Length: ")[2].partition("\r\n")[0])
            body = json.loads(await reader.readexactly(n_bytes))
            self.keys.append(head.partition("Authorization: Bearer ")[2].partition("\r\n")[0])
            self.requests.append((head.split(" ")[1], body))
            if self.is_silent:
                await reader.read()  # until the client gives up
            writer.write(self.answer(head.split(" ")[1], body))
            await writer.drain()
        writer.close()


@pytest.fixture
def fake_server() -> type[FakeServer]:
    return FakeServer


@pytest.fixture
def run_at() -> Callable[[float], RunMeasurement]:
    """Return a run of one stream that decoded at this many tokens a second."""

    def build(tok_s: float) -> RunMeasurement:
        times_s = [1 + index / tok_s for index in range(5)]
        trace = Trace(0.5, times_s, times_s[-1], FinalCount(n_prompt=10, n_predicted=5))
        return measure_run([Outcome(0.5, 5, trace=trace)], client_cpu_s=0.01)

    return build


@pytest.fixture
def samples(run_at: Callable[[float], RunMeasurement]) -> list[Sample]:
    """Return two rounds of one scenario on two targets: A at 100 and 120 tok/s, B at 100 and 100."""
    scenario = Scenario("W1 decode", 1, 10, 5, headline="decode_tok_s")
    corral, other = Target("Corral", "127.0.0.1", 1), Target("llama-server", "127.0.0.1", 2)
    return [
        Sample(scenario, corral, 0, run_at(100)),
        Sample(scenario, other, 0, run_at(100)),
        Sample(scenario, other, 1, run_at(100)),
        Sample(scenario, corral, 1, run_at(120)),
    ]
