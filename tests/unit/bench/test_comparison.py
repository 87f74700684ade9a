from __future__ import annotations

import asyncio

import msgspec
import pytest

from corral.bench.comparison import Repetition, alternation, check_distinct, compare
from corral.bench.dialect import DIALECTS
from corral.bench.errors import BenchError
from corral.bench.scenario import Scenario
from corral.bench.settings import LoadSettings
from corral.bench.target import Target

A, B = Target("A", "127.0.0.1", 1), Target("B", "127.0.0.1", 2)
SETTINGS = LoadSettings(dialect=DIALECTS["completion"], timeout_s=5.0)
SCENARIO = Scenario("small", n_streams=2, n_prompt=8, n_predict=6)


def test_the_order_turns_in_every_round() -> None:
    assert alternation([A, B], 3) == [(0, A), (0, B), (1, B), (1, A), (2, A), (2, B)]


def test_a_single_target_runs_every_round() -> None:
    assert alternation([A], 2) == [(0, A), (1, A)]


def test_two_targets_meet_the_same_prompts_and_each_round_has_others(fake_server) -> None:
    fakes = {"A": fake_server(), "B": fake_server()}
    started = []

    async def run():
        async with fakes["A"].listening("A") as a, fakes["B"].listening("B") as b:
            repetition = Repetition(2, settle_s=0)
            run = compare(
                [a, b], [(SCENARIO,)], SETTINGS, repetition, lambda target: started.append(target.name)
            )
            return [(sample.round_, sample.target.name) async for sample in run]

    order = asyncio.run(run())

    assert order == [(0, "A"), (0, "B"), (1, "B"), (1, "A")]
    assert started == ["A", "B", "B", "A"]
    prompts = {name: measured_prompts(fake) for name, fake in fakes.items()}
    assert prompts["A"] == prompts["B"]
    assert len(prompts["A"]) == 4


def measured_prompts(fake) -> set[tuple[int, ...]]:
    """Return the prompts of the sampled runs; the warm-up asks for fewer tokens."""
    asked = (body for path, body in fake.requests if path == "/completion")
    return {tuple(body["prompt"]) for body in asked if body["n_predict"] == SCENARIO.n_predict}


def test_names_must_differ() -> None:
    with pytest.raises(BenchError, match="Two targets are called 'A'"):
        check_distinct([A, A])


def test_missing_names_of_models_are_told_before_anything_is_measured(fake_server) -> None:
    fake = fake_server()
    swap = Scenario("swap", 1, 4, 6, n_models=2)

    async def run():
        async with fake.listening() as target:
            return [
                sample async for sample in compare([target], [(SCENARIO,), (swap,)], SETTINGS, Repetition(1))
            ]

    with pytest.raises(BenchError, match="swap needs 2 models"):
        asyncio.run(run())

    assert fake.requests == []


def test_the_warm_up_asks_every_model_so_that_each_measured_request_swaps(fake_server) -> None:
    fake = fake_server()
    swap = Scenario("swap", 1, 4, 6, n_repeats=4, n_models=2)
    settings = msgspec.structs.replace(SETTINGS, models=("x", "y"))

    async def run():
        async with fake.listening() as target:
            return [s async for s in compare([target], [(swap,)], settings, Repetition(2, settle_s=0))]

    asyncio.run(run())

    models = [body["model"] for path, body in fake.requests if path == "/completion"]
    assert models == ["x", "y"] * 5


def test_two_keys_are_asked_for_before_anything_is_measured(fake_server) -> None:
    fake = fake_server()
    modest = Scenario("modest", 1, 4, 6, key=1)
    settings = msgspec.structs.replace(SETTINGS, api_keys=("one",))

    async def run():
        async with fake.listening() as target:
            return [sample async for sample in compare([target], [(modest,)], settings, Repetition(1))]

    with pytest.raises(BenchError, match=r"^modest needs 2 API keys: give --api-key as many times\.$"):
        asyncio.run(run())

    assert fake.requests == []


def test_each_scenario_of_a_load_is_a_sample_of_its_own(fake_server) -> None:
    both = (SCENARIO, Scenario("other", 1, 8, 3))

    async def run():
        async with fake_server().listening() as target:
            repetition = Repetition(2, settle_s=0)
            return [
                (s.round_, s.scenario.name) async for s in compare([target], [both], SETTINGS, repetition)
            ]

    assert asyncio.run(run()) == [(0, "small"), (0, "other"), (1, "small"), (1, "other")]


def test_one_server_under_two_names_meets_other_prompts_under_each(fake_server) -> None:
    fake = fake_server()

    async def run():
        async with fake.listening("A") as a:
            targets = [a, msgspec.structs.replace(a, name="B")]
            return [s async for s in compare(targets, [(SCENARIO,)], SETTINGS, Repetition(1, settle_s=0))]

    asyncio.run(run())

    assert len(measured_prompts(fake)) == 4
