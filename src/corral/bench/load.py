"""Runs one load on one target: its scenarios at the same time, each in closed or in open loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from corral.bench.client import Caller, ask
from corral.bench.errors import BenchError
from corral.bench.gate import Gate
from corral.bench.measurement import RunMeasurement, measure_run, waits_of
from corral.bench.outcome import Outcome
from corral.bench.prompt import PromptSource
from corral.bench.scenario import Load, Scenario
from corral.bench.script import Script
from corral.bench.settings import LoadSettings
from corral.bench.target import Target


async def run_load(
    target: Target, load: Load, source: PromptSource, settings: LoadSettings, *, seed: str
) -> list[RunMeasurement]:
    """Run the scenarios together and return what was measured of each, in their order.

    Raises:
        BenchError: every request of a scenario failed, and the sentence is the first failure's; or nobody is
            there, then the other streams are dropped.
    """
    run = _Run(target, load, source, settings, seed)
    cpu_s = time.process_time()
    try:
        await run.play()
    except BaseExceptionGroup as failures:
        raise _first_failure(failures) from failures
    cpu_s = time.process_time() - cpu_s
    for scenario, outcomes in zip(load, run.outcomes, strict=True):
        _check_any_answered(target, scenario, outcomes)
    by_name = {scenario.name: outcomes for scenario, outcomes in zip(load, run.outcomes, strict=True)}
    return [
        measure_run(
            by_name[scenario.name],
            client_cpu_s=cpu_s,
            latency=settings.latency,
            windows_s=waits_of(by_name[scenario.waiting_of]) if scenario.waiting_of else None,
        )
        for scenario in load
    ]


class _Run:
    """One run of a load. `outcomes` has a list for each scenario, filled while `play` runs."""

    def __init__(
        self, target: Target, load: Load, source: PromptSource, settings: LoadSettings, seed: str
    ) -> None:
        self.outcomes: list[list[Outcome]] = [[] for _ in load]
        self._load = load
        self._callers = [
            Caller(
                _with_key(target, each, settings),
                Script(each, source, settings, f"{seed} {each.name}"),
                settings,
            )
            for each in load
        ]
        # All who do not wait for others begin together; an open loop is one of them, whoever arrives in it.
        n_starting = sum(1 if each.arrivals else each.n_streams for each in load if not each.begins_after)
        self._start = asyncio.Barrier(n_starting)
        self._gate = Gate(load[0].n_streams if any(each.begins_after for each in load) else 0)

    async def play(self) -> None:
        """Return when every scenario is done and those in the background have left."""
        async with asyncio.TaskGroup() as background:
            waiting = [background.create_task(each) for each in self._clients(is_background=True)]
            async with asyncio.TaskGroup() as group:
                for client in self._clients(is_background=False):
                    group.create_task(client)
            for task in waiting:
                task.cancel()

    def _clients(self, *, is_background: bool) -> list[Coroutine[Any, Any, None]]:
        return [
            coroutine
            for place, scenario in enumerate(self._load)
            if scenario.is_background is is_background
            for coroutine in self._clients_of(place, scenario)
        ]

    def _clients_of(self, place: int, scenario: Scenario) -> list[Coroutine[Any, Any, None]]:
        if scenario.arrivals is not None:
            return [self._open_loop(place)]
        return [self._closed_loop(place, client) for client in range(scenario.n_streams)]

    async def _closed_loop(self, place: int, client: int) -> None:
        """Send the requests of one client one after another; the first waits until all are connected."""
        scenario = self._load[place]
        n_requests = None if scenario.is_background else scenario.n_repeats
        ready = self._gate.wait if scenario.begins_after else self._start.wait
        repeat = 0
        try:
            while repeat != n_requests:
                outcome = await ask(
                    self._callers[place],
                    (client, repeat),
                    ready=ready if repeat == 0 else None,
                    on_events=self._watch(place, client),
                )
                self.outcomes[place].append(outcome)
                repeat += 1
                await _breathe(outcome, is_endless=scenario.is_background)
        finally:
            self._leave(place, client)

    async def _open_loop(self, place: int) -> None:
        """Send each request when it is due, whoever is still being answered."""
        caller = self._callers[place]
        await self._start.wait()
        began_s = time.perf_counter()
        async with asyncio.TaskGroup() as arrived:
            for client, offset_s in enumerate(caller.script.due_s):
                due_s = began_s + offset_s
                await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
                arrived.create_task(self._arrive(place, client, due_s))

    async def _arrive(self, place: int, client: int, due_s: float) -> None:
        self.outcomes[place].append(await ask(self._callers[place], (client, 0), due_s=due_s))

    def _watch(self, place: int, client: int) -> Callable[[int], None] | None:
        """Return what tells the gate how far a stream of the first scenario is; None: nobody waits."""
        n_awaited = max(each.begins_after for each in self._load)
        if place or not n_awaited:
            return None

        def watch(n_events: int) -> None:
            if n_events >= n_awaited:
                self._gate.arrive(client)

        return watch

    def _leave(self, place: int, client: int) -> None:
        """A stream that has ended keeps nobody waiting, however far it came."""
        if place == 0:
            self._gate.arrive(client)


# A server that refuses at once would else be asked thousands of times a second.
_PAUSE_AFTER_FAILURE_S = 0.05


async def _breathe(outcome: Outcome, *, is_endless: bool) -> None:
    if is_endless and outcome.failure is not None:
        await asyncio.sleep(_PAUSE_AFTER_FAILURE_S)


def _with_key(target: Target, scenario: Scenario, settings: LoadSettings) -> Target:
    if not settings.api_keys:
        return target
    return msgspec.structs.replace(target, api_key=settings.api_keys[scenario.key])


def _check_any_answered(target: Target, scenario: Scenario, outcomes: list[Outcome]) -> None:
    """Raise the first failure if there is nothing to measure; a background is there for the others' sake."""
    if scenario.is_background or any(outcome.trace is not None for outcome in outcomes):
        return
    reasons = [outcome.failure.reason for outcome in outcomes if outcome.failure is not None]
    raise BenchError(f"{target.name} at {target.url}: {reasons[0]}.")


def _first_failure(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what went wrong first: the others are its consequences."""
    first = failures.exceptions[0]
    return _first_failure(first) if isinstance(first, BaseExceptionGroup) else first
