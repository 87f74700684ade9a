"""Coordinate search: one flag after another, each beside what the earlier ones have settled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from corral.bench.errors import BenchError
from corral.bench.measurement import RunMeasurement, commonest_failure
from corral.bench.metric import METRICS
from corral.bench.scenario import Load
from corral.bench.tune.choice import Choice, Trial, choose, rivals
from corral.bench.tune.coordinate import START, Coordinate, Flags, with_slots

Measure = Callable[[Flags, Load], Awaitable[list[list[RunMeasurement]]]]
"""Runs a load on a server with these flags: for each round the measurements of the load's scenarios."""


class Step(msgspec.Struct):
    """What was found for one coordinate. `is_cut`: the time was over before all was measured."""

    coordinate: Coordinate
    trials: list[Trial]
    is_cut: bool = False

    @property
    def choice(self) -> Choice | None:
        """What is taken; None until every candidate had its turn, for the best may be still to come."""
        if len(self.trials) < len(self.coordinate.candidates):
            return None
        return choose(self.coordinate, self.trials)


async def search(
    coordinates: Sequence[Coordinate],
    measure: Measure,
    *,
    steps: list[Step],
    has_time: Callable[[], bool],
    tell: Callable[[Coordinate, Trial], None],
) -> None:
    """Append a step for each coordinate; what stands in `steps` is valid at any moment.

    The very first candidate is measured however little time there is.

    Raises:
        BenchError: not even the first server could be measured.
    """
    for coordinate in coordinates:
        settled = with_slots({**START, **flags_of(steps)}, coordinate.n_slots)
        step = Step(coordinate, [])
        steps.append(step)
        for candidate in coordinate.candidates:
            if not has_time() and (step.trials or len(steps) > 1):
                step.is_cut = True
                break
            trial = await _try(coordinate, candidate, settled, measure)
            step.trials.append(trial)
            if trial.failure and len(steps) == len(step.trials) == 1:
                raise BenchError(trial.failure)
            tell(coordinate, trial)
        await _measure_rivals_again(step, settled, measure, has_time)


async def _measure_rivals_again(
    step: Step, settled: Flags, measure: Measure, has_time: Callable[[], bool]
) -> None:
    """Add rounds to the trials between which the choice is, one after the other."""
    for rival in rivals(step.coordinate, step.trials):
        if not has_time():
            step.is_cut = True
            return
        again = await _try(step.coordinate, rival.flags, settled, measure)
        place = step.trials.index(rival)
        step.trials[place] = again if again.failure else _joined(rival, again)


def _joined(trial: Trial, again: Trial) -> Trial:
    """Return one trial with the rounds of both."""
    return msgspec.structs.replace(
        trial, values=trial.values + again.values, limited=trial.limited + again.limited
    )


def flags_of(steps: Sequence[Step]) -> dict[str, str]:
    """Return the flags that were taken."""
    return {name: value for step in steps if step.choice for name, value in step.choice.trial.flags.items()}


async def _try(coordinate: Coordinate, candidate: Flags, settled: Flags, measure: Measure) -> Trial:
    try:
        rounds = await measure({**settled, **candidate}, coordinate.load)
    except BenchError as error:
        return Trial(candidate, failure=error.message)
    if failure := _failure_of([run for runs in rounds for run in runs]):
        return Trial(candidate, failure=failure)
    limit = coordinate.limit
    return Trial(
        candidate,
        values=_values(rounds, coordinate.scenario, coordinate.field),
        limited=_values(rounds, limit.scenario, limit.field) if limit else (),
    )


def _failure_of(runs: Sequence[RunMeasurement]) -> str:
    """Return how many requests failed and why, since the others had it easier then; empty if none did."""
    n_failed = sum(run.n_failed for run in runs)
    if not n_failed:
        return ""
    n_requests = sum(run.n_requests for run in runs)
    return f"{n_failed} of {n_requests} requests failed; most often: {commonest_failure(runs)}."


def _values(rounds: Sequence[Sequence[RunMeasurement]], scenario: int, field: str) -> tuple[float, ...]:
    return tuple(METRICS[field].values([runs[scenario] for runs in rounds]))
