"""Runs scenarios on one target, or on two in turn, so that both meet the same moods of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec

from corral.bench.errors import BenchError
from corral.bench.load import run_load
from corral.bench.measurement import RunMeasurement
from corral.bench.prompt import PromptSource
from corral.bench.scenario import Load, Scenario, brief, check_needs
from corral.bench.settings import LoadSettings
from corral.bench.target import Target
from corral.bench.vocabulary import fetch_vocabulary


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
    loads: Sequence[Load],
    settings: LoadSettings,
    repetition: Repetition,
    on_start: Callable[[Target], None] = lambda _: None,
) -> AsyncIterator[Sample]:
    """Yield a sample for each scenario of each run, after warming every target with each load.

    Within a round all targets are sent the same prompts; the next round has others. `on_start` is called
    right before each sampled run.

    Raises:
        BenchError: a target failed, and what was yielded before stands; or models or keys are not named.
    """
    # before hours of measuring, not after
    check_needs(loads, n_models=len(settings.models), n_keys=len(settings.api_keys))
    # One server under two names must not find in its cache what it was asked under the other name.
    is_one_server = len({target.url for target in targets}) < len(targets)
    sources = {each.name: PromptSource(await fetch_vocabulary(each, settings)) for each in targets}
    for load in loads:
        for target in targets:
            seed = f"{repetition.seed} warm-up"
            await run_load(target, brief(load), sources[target.name], settings, seed=seed)
        for round_, target in alternation(targets, repetition.n_rounds):
            await asyncio.sleep(repetition.settle_s)
            on_start(target)
            seed = f"{repetition.seed} {round_}{f' {target.name}' if is_one_server else ''}"
            runs = await run_load(target, load, sources[target.name], settings, seed=seed)
            for scenario, run in zip(load, runs, strict=True):
                yield Sample(scenario, target, round_, run)


def check_distinct(targets: Sequence[Target]) -> None:
    """Raise BenchError if two targets share a name: their results would be mixed up."""
    names = [target.name for target in targets]
    if len(set(names)) < len(names):
        raise BenchError(f"Two targets are called {names[0]!r}; --names gives them names.")
