"""`benchmarks/neighbours.py`, which measures with the load generator and judges rounds by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from corral.bench.scenario import Scenario

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nwait"
# The warm-up asks for fewer tokens.
N_PREDICT = 6


@pytest.fixture
def measurement(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from neighbours import Measurement, build_parser

    return Measurement(build_parser().parse_args(["--model", "m.gguf", "--timeout", "5"]))


@pytest.fixture
def ask(measurement, fake_server):
    """Return a function that has two streams ask a server, of which so many are refused."""

    def ask_beside(n_refused: int) -> None:
        fake = fake_server()
        well_behaved = fake.answer
        refusals = iter([BUSY] * n_refused)

        def answer(path, body) -> bytes:
            is_measured = body.get("n_predict") == N_PREDICT
            return (next(refusals, None) if is_measured else None) or well_behaved(path, body)

        fake.answer = answer
        asyncio.run(run(fake))

    async def run(fake) -> None:
        async with fake.listening() as target:
            await measurement._ask(target, (Scenario("alone, 2 streams", 2, 4, N_PREDICT),))

    return ask_beside


def test_a_round_in_which_all_streams_were_answered_has_a_rate(measurement, ask) -> None:
    ask(0)

    assert (len(measurement.samples), measurement.failures) == (1, [])


@pytest.mark.parametrize(("n_refused", "why"), [(1, "1 of 2 streams failed"), (2, "A at http://127.0.0.1")])
def test_a_round_in_which_a_stream_failed_has_none_and_is_counted(measurement, ask, n_refused, why) -> None:
    ask(n_refused)

    assert measurement.samples == []
    (failed,) = measurement.failures
    assert failed[:2] == ("A", "alone, 2 streams")
    assert why in failed.sentence
    assert "the server answered 503: wait." in failed.sentence
