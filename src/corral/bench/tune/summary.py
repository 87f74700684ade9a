"""What a search has found, for the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from rich.table import Table

from corral.bench.metric import METRICS, Metric
from corral.bench.report import spread_cell
from corral.bench.summary import spread
from corral.bench.tune.choice import Trial
from corral.bench.tune.coordinate import Coordinate, Flags
from corral.bench.tune.search import Step, flags_of


def build_table(steps: Sequence[Step]) -> Table:
    """Return all trials, what was taken bright."""
    table = Table(title="candidates, medians over the rounds (min-max)")
    for name in ("what", "flags", "measured", ""):
        table.add_column(name)
    for step in steps:
        choice = step.choice
        for trial in step.trials:
            is_taken = choice is not None and trial is choice.trial
            cells = (step.coordinate.name, words_of(trial.flags), measured(step.coordinate, trial))
            table.add_row(*cells, "taken" if is_taken else "", style="bold" if is_taken else "dim")
        table.add_section()
    return table


def measured(coordinate: Coordinate, trial: Trial) -> str:
    """Return what a candidate reached, or why it did not run."""
    if trial.failure:
        return trial.failure
    shown = _shown(METRICS[coordinate.field], trial.values)
    if coordinate.limit is None:
        return shown
    return f"{shown}, {_shown(METRICS[coordinate.limit.field], trial.limited)}"


def sentences(steps: Sequence[Step], model: str) -> Iterator[str]:
    """Yield how sure each choice is, what is missing, and the command line to use."""
    for step in steps:
        if step.choice is not None:
            yield f"{step.coordinate.name}: {words_of(step.choice.trial.flags)} ({step.choice.surety.value})."
        if step.choice is None:
            yield f"{step.coordinate.name}: not every candidate was measured, so none is recommended."
        elif step.is_cut:
            yield f"{step.coordinate.name}: the time was over before the choice was measured again."
    taken = flags_of(steps)
    context = taken.pop("-c", None)
    yield f"Use: {shlex.join(['corral', 'serve', '-m', model, *_in_a_row(taken)])}"
    if context is not None:
        yield "Its sequences share the context: with -np give -c as many times the longest chat."


def words_of(flags: Flags) -> str:
    """Return flags as they are typed."""
    return shlex.join(_in_a_row(flags)) or "the server's own choice"


def _in_a_row(flags: Flags) -> list[str]:
    return [word for flag in flags.items() for word in flag]


def _shown(metric: Metric, values: Sequence[float]) -> str:
    return f"{metric.label} {spread_cell(spread(values), metric)} {metric.unit}"
