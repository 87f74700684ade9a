"""The JSON of a measurement: everything that was measured, and enough to repeat it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import msgspec

from corral.bench.comparison import Sample
from corral.bench.errors import BenchError
from corral.bench.machine import Machine
from corral.bench.measurement import RunMeasurement
from corral.bench.metric import METRICS
from corral.bench.scenario import Scenario
from corral.bench.summary import Ratio, Spread, ratio, spread

# Raise when a field changes its meaning. 2: `wall_s` lasts until the last failure too.
FORMAT = 2


class TargetRuns(msgspec.Struct, frozen=True):
    """The runs of one target in the order of the rounds, and the spread of each metric over them."""

    name: str
    url: str
    summary: dict[str, Spread]
    runs: tuple[RunMeasurement, ...]


class ScenarioResult(msgspec.Struct, frozen=True):
    """One scenario: each target's runs, and the ratio of the first target to the second for each metric."""

    scenario: Scenario
    targets: tuple[TargetRuns, ...]
    ratios: dict[str, Ratio]


class Document(msgspec.Struct, frozen=True):
    """The whole measurement. `facts` are whatever the caller knows: commit, flags, models."""

    format: int
    started_at: str
    machine: Machine
    n_rounds: int
    facts: dict[str, str]
    results: tuple[ScenarioResult, ...]


def build_document(
    samples: Sequence[Sample], machine: Machine, *, started_at: dt.datetime, facts: dict[str, str]
) -> Document:
    """Return the document of all samples, scenarios and targets in the order of their first sample."""
    scenarios = list(dict.fromkeys(sample.scenario for sample in samples))
    return Document(
        format=FORMAT,
        started_at=started_at.isoformat(timespec="seconds"),
        machine=machine,
        n_rounds=1 + max((sample.round_ for sample in samples), default=-1),
        facts=facts,
        results=tuple(_result(each, [s for s in samples if s.scenario == each]) for each in scenarios),
    )


def write_document(document: msgspec.Struct, path: Path) -> None:
    """Write the document as indented JSON.

    Raises:
        BenchError: the file cannot be written.
    """
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")
    except OSError as error:
        raise BenchError(f"Cannot write {path}: {error.strerror}.") from error


def _result(scenario: Scenario, samples: Sequence[Sample]) -> ScenarioResult:
    targets = list(dict.fromkeys(sample.target for sample in samples))
    by_target = tuple(_target_runs(each.name, each.url, samples) for each in targets)
    return ScenarioResult(scenario, by_target, _ratios(by_target))


def _target_runs(name: str, url: str, samples: Sequence[Sample]) -> TargetRuns:
    own = sorted(
        (sample for sample in samples if sample.target.name == name), key=lambda sample: sample.round_
    )
    runs = tuple(sample.run for sample in own)
    spreads = {field: spread(metric.values(runs)) for field, metric in METRICS.items()}
    summary = {field: found for field, found in spreads.items() if found is not None}
    return TargetRuns(name, url, summary, runs)


def _ratios(targets: Sequence[TargetRuns]) -> dict[str, Ratio]:
    if len(targets) != 2:
        return {}
    first, second = targets
    pairs = {
        field: (metric.values(first.runs), metric.values(second.runs)) for field, metric in METRICS.items()
    }
    found = {field: ratio(*pair) for field, pair in pairs.items() if len(pair[0]) == len(pair[1])}
    return {field: each for field, each in found.items() if each is not None}
