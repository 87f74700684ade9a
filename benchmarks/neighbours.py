"""Measures what other busy processes on the machine cost Corral, Corral otherwise set, and llama-server.

Each server is started in turn, and asked alone and beside every kind of neighbour, until the time is up.
Corral as it is and llama-server come more often than Corral's settings. Writes NAME.json and NAME.md into the
results folder, also after Ctrl-C; README.md beside this has the commands.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import itertools
import shlex
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from compare import commit, default_name, machine_list, output_of, running
from neighbour_process import Neighbours, parse_neighbours, present

from corral.bench.comparison import Repetition, Sample, compare
from corral.bench.dialect import DIALECTS
from corral.bench.document import Document, build_document, write_document
from corral.bench.errors import BenchError
from corral.bench.machine import describe_machine
from corral.bench.scenario import Load, Scenario
from corral.bench.settings import LoadSettings
from corral.bench.target import Target, parse_target

_HERE = Path(__file__).resolve().parent
_LIBRARIES = ("corral", "llama-cpp-python", "numpy", "msgspec", "fastapi", "uvicorn")
_INTERRUPTED = 130
_SPIN_VARIABLES = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_PROC_BIND", "GOMP_CPU_AFFINITY")
_LEGEND = (
    "Decoded tokens a second of all streams together, medians over the rounds; in brackets what is left of "
    "the rate alone. n is how often the server was started and measured. Rounds in which a stream failed are "
    "counted, and not in the medians."
)
# The most telling first: the time may not do for all.
_SETTINGS = (
    "GOMP_SPINCOUNT=0",
    "OMP_WAIT_POLICY=passive",
    "-t 1",
    "GOMP_SPINCOUNT=100",
    "OMP_PROC_BIND=true",
    "GOMP_SPINCOUNT=3000",
    "--poll 0",
    "GOMP_SPINCOUNT=10000",
    "--poll 50",
    "--poll 100",
    "-t 2",
)


class Contestant(NamedTuple):
    """A server as it is started, and its name in the table."""

    name: str
    command: list[str]


class FailedRun(NamedTuple):
    """A run of which a stream or all failed, so that it has no rate, and why."""

    contestant: str
    scenario: str
    sentence: str


class Measurement:
    """The servers in turn until the time is up. `samples` and `failures` grow meanwhile."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.samples: list[Sample] = []
        self.failures: list[FailedRun] = []
        self._targets: dict[str, Target] = {}
        self._beside: list[Neighbours] = arguments.beside
        self._settle_s: float = arguments.settle
        self._n_predict: int = arguments.predict
        self._settings = LoadSettings(dialect=DIALECTS["completion"], timeout_s=arguments.timeout)
        self._deadline_s: float = time.monotonic() + arguments.minutes * 60

    async def run(self, contestants: Sequence[Contestant], n_main: int) -> None:
        """Measure; the first `n_main` contestants are those to be measured most often."""
        for contestant in turns(contestants[:n_main], contestants[n_main:]):
            if self._is_over():
                return
            with running({contestant.name: contestant.command}) as (server,):
                await self._visit(parse_target(server.name, server.url))

    async def _visit(self, target: Target) -> None:
        for neighbours in self._beside:
            with present(neighbours):
                if neighbours.n:
                    await self._settle(target, loads(neighbours, self._n_predict)[0])
                for load in loads(neighbours, self._n_predict):
                    if self._is_over():
                        return
                    await self._ask(target, load)

    async def _settle(self, target: Target, load: Load) -> None:
        """Ask until the server has had time to find that it is not alone."""
        until_s = min(time.monotonic() + self._settle_s, self._deadline_s)
        with contextlib.suppress(BenchError):  # it is told when it is measured
            while time.monotonic() < until_s:
                async for _ in compare([target], [load], self._settings, Repetition(1, seed=-1)):
                    pass

    async def _ask(self, target: Target, load: Load) -> None:
        scenario = load[0].name
        place = (target.name, scenario)
        round_ = sum((each.target.name, each.scenario.name) == place for each in self.samples)
        try:
            async for sample in compare([target], [load], self._settings, Repetition(1, seed=round_)):
                check_all_answered(sample)
                # Another port with every start, and still the same server.
                one = self._targets.setdefault(target.name, target)
                self.samples.append(msgspec.structs.replace(sample, target=one, round_=round_))
                print(f"{target.name}: {scenario}: {rate(sample):.1f} tok/s", file=sys.stderr)
        except BenchError as error:
            self.failures.append(FailedRun(*place, error.message))
            print(f"{target.name}: {scenario}: {error.message}", file=sys.stderr)

    def _is_over(self) -> bool:
        return time.monotonic() > self._deadline_s


def main() -> int:
    """Measure, write the results, and return the exit status."""
    arguments = build_parser().parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    started_at = dt.datetime.now(dt.UTC)
    mains = main_contestants(arguments)
    settings = _SETTINGS if arguments.setting is None else arguments.setting
    contestants = [*mains, *(corral(words, arguments) for words in settings if words)]
    measurement = Measurement(arguments)
    status = 0
    try:
        asyncio.run(measurement.run(contestants, len(mains)))
    except KeyboardInterrupt:
        status = _INTERRUPTED
    if measurement.samples:
        document = build_document(
            measurement.samples, describe_machine(_LIBRARIES), started_at=started_at, facts=facts(arguments)
        )
        name = arguments.name or f"{default_name(started_at)}-neighbours"
        write_results(document, measurement, arguments.results, name)
    return status


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    parser = argparse.ArgumentParser(description="Measure servers beside other busy processes.")
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="FILE", help="a GGUF file")
    add("--llama-server", type=Path, help="the program that build_llama_server.sh made (default: none)")
    add(
        "--corral",
        default=shlex.join([sys.executable, "-m", "corral", "serve", "--no-ui"]),
        help="command line (default: %(default)s)",
    )
    add("--flags", default="-c 8192 -np 8", help="flags of all servers (default: %(default)s)")
    add(
        "--setting",
        action="append",
        metavar="WORDS",
        help="NAME=VALUE for the environment and flags, in one word; may be repeated; '' for none at all "
        f"(default: {'; '.join(_SETTINGS)})",
    )
    add(
        "--beside",
        type=several_neighbours,
        default=f"none,spin:{describe_machine().n_cores},memory:1",
        metavar="KIND:N,...",
        help="none, spin (a loop in Python) or memory (copies) (default: %(default)s)",
    )
    add(
        "--settle",
        type=float,
        default=3,
        metavar="S",
        help="how long a server is asked beside neighbours before that is measured (default: %(default)s)",
    )
    add("--predict", type=int, default=48, metavar="N", help="tokens of one stream (default: %(default)s)")
    add("--timeout", type=float, default=8, metavar="S", help="bound on a request (default: %(default)s)")
    add("--minutes", type=float, default=5.8, metavar="M", help="when to stop (default: %(default)s)")
    add("--results", type=Path, default=_HERE / "results", help="folder (default: results/ beside this)")
    add("--name", help="name of the result files (default: date and commit)")
    return parser


def several_neighbours(text: str) -> list[Neighbours]:
    """Return the neighbours of a list with commas."""
    try:
        return list(dict.fromkeys(parse_neighbours(each.strip()) for each in text.split(",")))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def main_contestants(arguments: argparse.Namespace) -> list[Contestant]:
    """Return Corral as it is, and llama-server if there is one."""
    if arguments.llama_server is None:
        return [corral("", arguments)]
    words = [str(arguments.llama_server), "-m", str(arguments.model), *shlex.split(arguments.flags)]
    return [corral("", arguments), Contestant("llama-server", [*unset(), *words])]


def corral(setting: str, arguments: argparse.Namespace) -> Contestant:
    """Return Corral with the setting's variables and flags; without one it decides by itself."""
    words = shlex.split(setting)
    flags = list(itertools.dropwhile(lambda word: "=" in word and not word.startswith("-"), words))
    variables = words[: len(words) - len(flags)]
    served = ["-m", str(arguments.model), *shlex.split(arguments.flags), *flags]
    command = [*unset(), *variables, *shlex.split(arguments.corral), *served]
    return Contestant(f"Corral {setting}".strip(), command)


def unset() -> list[str]:
    """Return the words that keep the variables of this shell from the servers."""
    return ["env", *(word for name in _SPIN_VARIABLES for word in ("-u", name))]


def turns(mains: Sequence[Contestant], others: Sequence[Contestant]) -> Iterator[Contestant]:
    """Yield the contestants without end: A B, half of the others, B A, the other half, A B, ..."""
    halves = (others[: (len(others) + 1) // 2], others[(len(others) + 1) // 2 :])
    for turn in itertools.count():
        yield from mains[:: 1 if turn % 2 == 0 else -1]
        yield from halves[turn % 2]


def loads(neighbours: Neighbours, n_predict: int) -> list[Load]:
    """Return one stream and eight, without drafts: random weights would flatter them."""
    return [
        (Scenario(f"{neighbours.name}, {label}", n, 16, n_tokens, headline="decode_tok_s", is_drafted=False),)
        for label, n, n_tokens in (("1 stream", 1, n_predict), ("8 streams", 8, max(n_predict // 2, 2)))
    ]


def check_all_answered(sample: Sample) -> None:
    """Raise BenchError if a stream failed: the others say nothing about its rate, and had it easier."""
    run = sample.run
    if run.n_failed:
        raise BenchError(f"{run.n_failed} of {run.n_requests} streams failed: {next(iter(run.failures))}.")


def rate(sample: Sample) -> float:
    """Return decoded tokens a second of all streams of the run together, of which none failed."""
    return (sample.run.decode_tok_s or 0.0) * sample.scenario.n_streams


def facts(arguments: argparse.Namespace) -> dict[str, str]:
    """Return what is needed to repeat the measurement, without this machine's paths."""
    program = arguments.llama_server
    return {
        "commit": commit(),
        "Corral": " ".join(Path(word).name for word in shlex.split(arguments.corral)),
        "llama-server": output_of(str(program), "--version").partition("\n")[0] if program else "",
        "model": arguments.model.name,
        "flags of all": arguments.flags,
        "sampling": "temperature 0, no drafts",
    }


def write_results(document: Document, measurement: Measurement, folder: Path, name: str) -> None:
    """Write both files, and print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    write_document(document, folder / f"{name}.json")
    failures = measurement.failures
    table = build_table(document, failures)
    sections = [
        f"# Beside busy neighbours, {document.started_at}",
        machine_list(document.machine, document.facts),
        _LEGEND,
        table,
        *dict.fromkeys(f"- {each.contestant}, {each.scenario}: {each.sentence}" for each in failures),
    ]
    (folder / f"{name}.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    print(table)
    print(folder / f"{name}.md")


def build_table(document: Document, failures: Sequence[FailedRun]) -> str:
    """Return the rates in Markdown: a row for each server, a column for each scenario."""
    scenarios = [result.scenario for result in document.results]
    rates: dict[tuple[str, str], float] = {}
    n_rounds: dict[str, int] = {}
    for result in document.results:
        for target in result.targets:
            n_rounds[target.name] = max(n_rounds.get(target.name, 0), len(target.runs))
            if (found := target.summary.get("decode_tok_s")) is not None:
                rates[target.name, result.scenario.name] = found.median * result.scenario.n_streams
    n_failed = Counter((each.contestant, each.scenario) for each in failures)
    lines = [
        f"| server | n | {' | '.join(each.name for each in scenarios)} |",
        f"| --- | --- | {' | '.join('---' for _ in scenarios)} |",
    ]
    for name, n in n_rounds.items():
        cells = (cell(rates, n_failed, name, scenario.name) for scenario in scenarios)
        lines.append(f"| {name} | {n} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(
    rates: dict[tuple[str, str], float], n_failed: Counter[tuple[str, str]], contestant: str, scenario: str
) -> str:
    """Return a rate, what it is of the rate alone, and how many rounds have none; or nothing."""
    own = rates.get((contestant, scenario))
    alone = rates.get((contestant, f"{Neighbours().name}, {scenario.partition(', ')[2]}"))
    words = [] if own is None else [f"{own:.1f}"]
    if own and alone and not scenario.startswith(Neighbours().name):
        words.append(f"({own / alone:.2f})")
    if n := n_failed[contestant, scenario]:
        words.append(f"{n} failed")
    return " ".join(words)


if __name__ == "__main__":
    sys.exit(main())
