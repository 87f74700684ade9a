"""`corral bench --tune MODEL`: candidates in turn on servers of our own, within a time, then the flags."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import sys
import time
from collections.abc import Sequence

from rich.console import Console

from corral.bench.arguments import check_tuning
from corral.bench.comparison import Repetition, compare
from corral.bench.dialect import DIALECTS
from corral.bench.document import write_document
from corral.bench.machine import describe_machine
from corral.bench.measurement import RunMeasurement
from corral.bench.scenario import Load
from corral.bench.settings import LoadSettings
from corral.bench.tune.choice import Trial
from corral.bench.tune.coordinate import Coordinate, Flags, coordinates
from corral.bench.tune.document import build_search_document
from corral.bench.tune.search import Step, search
from corral.bench.tune.server import serving
from corral.bench.tune.summary import build_table, measured, sentences, words_of

_SERVE = (sys.executable, "-m", "corral", "serve", "--no-ui")
_ITL_MS = 250.0
# A request of these loads takes seconds; a server that hangs must not use up the time.
_REQUEST_TIMEOUT_S = 120.0


def tune(arguments: argparse.Namespace, command: Sequence[str] = _SERVE) -> None:
    """Search, print what was found and write it with `--json`, also after an interruption.

    Raises:
        BenchError: no server could be measured, an argument means nothing here, the file cannot be written.
        KeyboardInterrupt: after printing.
    """
    check_tuning(arguments)
    served = ["-m", arguments.tune, *arguments.tune_flags]
    started_at = dt.datetime.now(dt.UTC)
    steps: list[Step] = []
    try:
        asyncio.run(_search(arguments, [*command, *served], steps))
    finally:
        if any(trial.values for step in steps for trial in step.trials):
            _print(steps, served)
            if arguments.json is not None:
                found = build_search_document(steps, describe_machine(), started_at=started_at, served=served)
                write_document(found, arguments.json)


async def _search(arguments: argparse.Namespace, command: Sequence[str], steps: list[Step]) -> None:
    deadline_s = time.monotonic() + arguments.tune_minutes * 60
    itl_s = (arguments.itl_ms or _ITL_MS) / 1000
    bench = _Bench(command, Repetition(arguments.rounds, arguments.seed or 0))
    await search(
        coordinates(describe_machine().n_cores, itl_s),
        bench.measure,
        steps=steps,
        has_time=lambda: time.monotonic() < deadline_s,
        tell=_tell,
    )


class _Bench:
    """Measures a load on a server with given flags."""

    def __init__(self, command: Sequence[str], repetition: Repetition) -> None:
        self._command = command
        self._repetition = repetition

    async def measure(self, flags: Flags, load: Load) -> list[list[RunMeasurement]]:
        """Return for each round the measurements of the load's scenarios."""
        settings = LoadSettings(dialect=DIALECTS["completion"], timeout_s=_REQUEST_TIMEOUT_S)
        words = [word for flag in flags.items() for word in flag]
        async with serving(self._command, words) as target:
            samples = [each async for each in compare([target], [load], settings, self._repetition)]
        n_rounds = self._repetition.n_rounds
        return [[each.run for each in samples if each.round_ == round_] for round_ in range(n_rounds)]


def _tell(coordinate: Coordinate, trial: Trial) -> None:
    line = f"{coordinate.name}, {words_of(trial.flags)}: {measured(coordinate, trial)}"
    Console(stderr=True).print(line, highlight=False, markup=False)


def _print(steps: Sequence[Step], served: Sequence[str]) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(build_table(steps))
    for sentence in sentences(steps, served):
        console.print(sentence)
