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


def sentences(steps: Sequence[Step], served: Sequence[str]) -> Iterator[str]:
    """Yield how sure each choice is, what is missing, and the command line to use.

    `served` are the words that all servers were started with, before the flags that were tried.
    """
    for step in steps:
        yield from (f"{step.coordinate.name}: {sentence}" for sentence in _sentences_of(step))
    taken = flags_of(steps)
    context = taken.pop("-c", None)
    yield f"Use: {shlex.join(['corral', 'serve', *served, *_in_a_row(taken)])}"
    if context is not None:
        yield "Its sequences share the context: with -np give -c as many times the longest chat."


def _sentences_of(step: Step) -> Iterator[str]:
    choice = step.choice
    if choice is not None:
        yield f"{words_of(choice.trial.flags)} ({choice.surety.value})."
        if step.is_cut:
            yield "the time was over before the choice was measured again."
    elif len(step.trials) < len(step.coordinate.candidates):
        yield "not every candidate was measured, so none is recommended."
    else:
        yield "no candidate could be measured, so none is recommended."


def words_of(flags: Flags) -> str:
    """Return flags as they are typed."""
    return shlex.join(_in_a_row(flags)) or "the server's own choice"


def _in_a_row(flags: Flags) -> list[str]:
    return [word for flag in flags.items() for word in flag]


def _shown(metric: Metric, values: Sequence[float]) -> str:
    return f"{metric.label} {spread_cell(spread(values), metric)} {metric.unit}"
