"""The JSON of a search: every candidate, what it reached, and what was taken."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from corral.bench.machine import Machine
from corral.bench.tune.choice import Trial
from corral.bench.tune.coordinate import Coordinate
from corral.bench.tune.search import Step, flags_of

# Raise when a field changes its meaning.
FORMAT = 1


class CoordinateResult(msgspec.Struct, frozen=True):
    """The trials of one coordinate. `taken`: the place of one among them, None where none is recommended."""

    coordinate: Coordinate
    trials: tuple[Trial, ...]
    taken: int | None
    surety: str
    is_cut: bool


class SearchDocument(msgspec.Struct, frozen=True):
    """The whole search. `served`: the words all servers were started with; `flags`: what is recommended."""

    format: int
    started_at: str
    machine: Machine
    served: tuple[str, ...]
    flags: dict[str, str]
    results: tuple[CoordinateResult, ...]


def build_search_document(
    steps: Sequence[Step], machine: Machine, *, started_at: dt.datetime, served: Sequence[str]
) -> SearchDocument:
    """Return the document of all steps, in their order."""
    return SearchDocument(
        format=FORMAT,
        started_at=started_at.isoformat(timespec="seconds"),
        machine=machine,
        served=tuple(served),
        flags=flags_of(steps),
        results=tuple(_result(step) for step in steps),
    )


def _result(step: Step) -> CoordinateResult:
    choice = step.choice
    return CoordinateResult(
        coordinate=step.coordinate,
        trials=tuple(step.trials),
        taken=None if choice is None else step.trials.index(choice.trial),
        surety="" if choice is None else choice.surety.value,
        is_cut=step.is_cut,
    )
