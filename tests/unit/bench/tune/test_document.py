from __future__ import annotations

import asyncio
import datetime as dt

import msgspec

from corral.bench.machine import describe_machine
from corral.bench.scenario import Scenario
from corral.bench.tune.coordinate import Coordinate
from corral.bench.tune.document import build_search_document
from corral.bench.tune.search import search

THREADS = Coordinate("threads", ({}, {"-t": "2"}), (Scenario("load", 1, 8, 8),), "throughput_tok_s")


def test_it_says_what_every_candidate_reached_and_which_was_taken(run_at):
    async def measure(flags, _):
        speed = 150 if flags.get("-t") == "2" else 100
        return [[msgspec.structs.replace(run_at(100), throughput_tok_s=speed)]]

    steps = []
    asyncio.run(search([THREADS], measure, steps=steps, has_time=lambda: True, tell=lambda *_: None))
    document = build_search_document(
        steps, describe_machine(), started_at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC), served=["-m", "a"]
    )

    told = msgspec.json.decode(msgspec.json.encode(document))
    assert told["flags"] == {"-t": "2"}
    assert told["served"] == ["-m", "a"]
    (result,) = told["results"]
    assert result["coordinate"]["name"] == "threads"
    assert [trial["values"] for trial in result["trials"]] == [[100, 100], [150, 150]]
    assert result["taken"] == 1
    assert result["surety"].startswith("clear")
