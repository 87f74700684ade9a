"""Runs scenarios on one target, or on two in turn, so that both meet the same moods of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from corral.bench.errors import BenchError
from corral.bench.load import LoadSettings, fetch_vocabulary, models_asked, run_scenario
from corral.bench.measurement import RunMeasurement
from corral.bench.prompt import draw_prompts
from corral.bench.target import Target
from corral.bench.workload import Scenario

# Enough to fault the model's pages in and to start every slot, and short beside a measured run.
_N_PREDICT_WARMING = 4


class Repetition(msgspec.Struct, frozen=True):
    """How often and with which prompts. Before each run all is still for `settle_s` seconds.

    OpenMP threads of the server that was measured last spin for some milliseconds before they sleep.
    """

    n_rounds: int
    seed: int = 0
    settle_s: float = 0.2


class Sample(msgspec.Struct, frozen=True):
    """One run, where and when it was made. `round_` counts from 0; the warm-up is not sampled."""

    scenario: Scenario
    target: Target
    round_: int
    run: RunMeasurement


def alternation(targets: Sequence[Target], n_rounds: int) -> list[tuple[int, Target]]:
    """Return the order of the runs as (round, target): A B, B A, A B, ...

    Turning the order round by round gives no target the warmer or the cooler half of every round.
    """
    order = list(targets)
    return [
        (round_, each) for round_ in range(n_rounds) for each in (order if round_ % 2 == 0 else order[::-1])
    ]


async def compare(
    targets: Sequence[Target],
    scenarios: Sequence[Scenario],
    settings: LoadSettings,
    repetition: Repetition,
    on_start: Callable[[Target], None] = lambda _: None,
) -> AsyncIterator[Sample]:
    """Yield a sample for each run, after warming every target with each scenario.

    Within a round all targets are sent the same prompts; the next round has others. `on_start` is called
    right before each sampled run.

    Raises:
        BenchError: a target failed, and what was yielded before stands; or models are not named.
    """
    for scenario in scenarios:
        models_asked(scenario, settings)  # before hours of measuring, not after
    vocabularies = {target.name: await fetch_vocabulary(target, settings) for target in targets}
    for scenario in scenarios:
        for target in targets:
            await _warm(target, scenario, vocabularies[target.name], settings)
        for round_, target in alternation(targets, repetition.n_rounds):
            await asyncio.sleep(repetition.settle_s)
            on_start(target)
            seed = f"{repetition.seed} {scenario.name} {round_}"
            run = await _run(target, scenario, vocabularies[target.name], settings, seed)
            yield Sample(scenario, target, round_, run)


async def _warm(
    target: Target, scenario: Scenario, vocabulary: list[int] | None, settings: LoadSettings
) -> None:
    """Run the scenario once, with few tokens and no more requests than each model needs to be asked."""
    n_predict = min(scenario.n_predict, _N_PREDICT_WARMING)
    n_repeats = -(-scenario.n_models // scenario.n_streams)
    brief = msgspec.structs.replace(scenario, n_repeats=n_repeats, n_predict=n_predict)
    await _run(target, brief, vocabulary, settings, f"{scenario.name} warm-up")


async def _run(
    target: Target, scenario: Scenario, vocabulary: list[int] | None, settings: LoadSettings, seed: str
) -> RunMeasurement:
    prompts = draw_prompts(vocabulary, scenario.n_requests, scenario.n_prompt, seed)
    return await run_scenario(target, scenario, prompts, settings)


def check_distinct(targets: Sequence[Target]) -> None:
    """Raise BenchError if two targets share a name: their results would be mixed up."""
    names = [target.name for target in targets]
    if len(set(names)) < len(names):
        raise BenchError(f"Two targets are called {names[0]!r}; --names gives them names.")
