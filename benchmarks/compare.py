"""Measures Corral and llama-server side by side: same model, same flags, in turn, in one run.

Writes NAME.json, NAME.png, NAME.html and NAME.md into `benchmarks/results/`; README.md beside this script has
the commands. Both servers run all the time. The one that is not measured must be idle, which is checked from
its CPU time.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from server_process import ServerProcess

from corral.bench.command import progress_line
from corral.bench.comparison import Repetition, Sample, compare
from corral.bench.dialect import DIALECTS
from corral.bench.document import Document, build_document, write_document
from corral.bench.errors import BenchError
from corral.bench.machine import Machine, describe_machine
from corral.bench.page import write_page
from corral.bench.plot import write_plot
from corral.bench.report import markdown
from corral.bench.settings import LoadSettings
from corral.bench.target import Target, parse_target
from corral.bench.workload import loads_of

_HERE = Path(__file__).resolve().parent
_LIBRARIES = ("corral", "llama-cpp-python", "numpy", "msgspec", "fastapi", "uvicorn")
# Room for the longest request of a workload (1,024 + 1 tokens) in each of 32 slots.
_FLAGS = "-c 40960 -np 32"
# Above this share of a core the other server disturbs the measurement.
_IDLE_SHARE = 0.02
# How long a server may take to give up what nobody waits for any more, and how often it is looked at.
_PATIENCE_S = 30.0
_LOOK_S = 0.2
_TICK_S = 0.015  # processor time is told in hundredths of a second


@dataclass(frozen=True)
class Pairing:
    """Workloads and the model that they run on."""

    workloads: tuple[str, ...]
    model: Path


@dataclass(frozen=True)
class Activity:
    """CPU time during one sample, in cores: the server that was measured, and the one that should be idle."""

    scenario: str
    name: str
    busy_share: float
    idle_share: float


class CpuWatch:
    """Reads the servers' CPU time around every sample."""

    def __init__(self, servers: Sequence[ServerProcess]) -> None:
        self._servers = servers
        self._start_s = 0.0
        self._cpu_s: dict[str, float] = {}
        self.activities: list[Activity] = []

    def start(self, _target: Target) -> None:
        """Take the readings before a run, as soon as all servers are idle: some go on for those who left."""
        deadline_s = time.monotonic() + _PATIENCE_S
        self._cpu_s = self._read()
        while time.monotonic() < deadline_s:
            time.sleep(_LOOK_S)
            before, self._cpu_s = self._cpu_s, self._read()
            if all(cpu_s - before[name] <= _TICK_S for name, cpu_s in self._cpu_s.items()):
                break
        self._start_s = time.monotonic()

    def stop(self, sample: Sample) -> None:
        """Take the readings after a run, and note what was used."""
        wall_s = time.monotonic() - self._start_s
        shares = {name: (cpu_s - self._cpu_s[name]) / wall_s for name, cpu_s in self._read().items()}
        busy = shares.pop(sample.target.name)
        idle = max(shares.values(), default=0.0)
        self.activities.append(Activity(sample.scenario.name, sample.target.name, busy, idle))
        if idle > _IDLE_SHARE:
            print(f"warning: another server used {idle:.0%} of a core in this run", file=sys.stderr)

    def _read(self) -> dict[str, float]:
        return {server.name: server.cpu_s() or 0.0 for server in self._servers}


def main() -> int:
    """Measure, write the results, and return the exit status."""
    arguments = build_parser().parse_args()
    started_at = dt.datetime.now(dt.UTC)
    samples: list[Sample] = []
    activities: list[Activity] = []
    try:
        for pairing in arguments.run:
            print(f"{pairing.model.name}: {', '.join(pairing.workloads)}", file=sys.stderr)
            asyncio.run(measure(pairing, arguments, samples, activities))
    except BenchError as error:
        print(f"compare: {error.message}", file=sys.stderr)
        return 1
    document = build_document(
        samples, describe_machine(_LIBRARIES), started_at=started_at, facts=facts(arguments)
    )
    write_results(document, activities, arguments.results, arguments.name or default_name(started_at))
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    parser = argparse.ArgumentParser(description="Measure Corral and llama-server side by side.")
    add = parser.add_argument
    add("--run", action="append", type=pairing, required=True, metavar="W1,W2=MODEL", help="may be repeated")
    add("--llama-server", type=Path, required=True, help="the program that build_llama_server.sh made")
    add(
        "--corral",
        default=shlex.join([sys.executable, "-m", "corral", "serve"]),
        help="command line (default: %(default)s)",
    )
    add("--flags", default=_FLAGS, help="flags of both servers (default: %(default)s)")
    add("--corral-flags", default="", help="more flags for Corral only; they are written into the results")
    add(
        "--api-key",
        action="append",
        default=[],
        metavar="KEY",
        help="keys to send, two for W10: the first floods; the servers get theirs by --flags",
    )
    add("--rounds", type=int, default=5, metavar="N")
    add("--sampled", action="store_true", help="the servers' default sampling instead of temperature 0")
    add(
        "--results",
        type=Path,
        default=_HERE / "results",
        help="folder (default: results/ beside this script)",
    )
    add("--name", help="name of the result files (default: date and commit)")
    return parser


def pairing(text: str) -> Pairing:
    """Return the pairing written as `W1,W2=MODEL`."""
    names, separator, model = text.partition("=")
    if not separator or not Path(model).is_file():
        raise argparse.ArgumentTypeError(f"{text!r} is not WORKLOADS=MODEL with an existing model file")
    return Pairing(tuple(name.strip() for name in names.split(",")), Path(model))


async def measure(
    pairing: Pairing, arguments: argparse.Namespace, samples: list[Sample], activities: list[Activity]
) -> None:
    """Append the samples of one pairing, with both servers started for it and stopped after it."""
    loads = loads_of(pairing.workloads)
    settings = LoadSettings(
        dialect=DIALECTS["completion"], is_greedy=not arguments.sampled, api_keys=tuple(arguments.api_key)
    )
    with running(server_commands(pairing.model, arguments)) as servers:
        api_key = next(iter(arguments.api_key), None)
        targets = [parse_target(server.name, server.url, api_key=api_key) for server in servers]
        watch = CpuWatch(servers)
        repetition = Repetition(arguments.rounds)
        try:
            async for sample in compare(targets, loads, settings, repetition, watch.start):
                watch.stop(sample)
                samples.append(sample)
                print(progress_line(sample), file=sys.stderr)
        except BenchError as error:
            endings = [server.ending() for server in servers]
            raise BenchError(" ".join(filter(None, [error.message, *endings]))) from error
        activities.extend(watch.activities)


def server_commands(model: Path, arguments: argparse.Namespace) -> dict[str, list[str]]:
    """Return the command line of each server without its address."""
    common = ["-m", str(model), *shlex.split(arguments.flags)]
    return {
        "Corral": [*shlex.split(arguments.corral), *common, *shlex.split(arguments.corral_flags)],
        "llama-server": [str(arguments.llama_server), *common],
    }


@contextlib.contextmanager
def running(commands: dict[str, list[str]]) -> Iterator[list[ServerProcess]]:
    """Start the servers, yield them once all are ready, stop them in the end."""
    with tempfile.TemporaryDirectory() as logs, contextlib.ExitStack() as stack:
        servers = []
        for name, command in commands.items():
            server = ServerProcess(name, command, Path(logs) / f"{name}.log")
            stack.callback(server.stop)
            servers.append(server)
        for server in servers:
            server.wait_until_ready()
        yield servers


def facts(arguments: argparse.Namespace) -> dict[str, str]:
    """Return what is needed to repeat the measurement, without this machine's paths."""
    return {
        "commit": commit(),
        "Corral": " ".join(Path(word).name for word in shlex.split(arguments.corral)),
        "llama-server": output_of(str(arguments.llama_server), "--version").partition("\n")[0],
        "models": ", ".join(f"{'+'.join(each.workloads)}: {each.model.name}" for each in arguments.run),
        "flags of both": arguments.flags,
        "flags of Corral": arguments.corral_flags,
        "sampling": "the servers' defaults" if arguments.sampled else "temperature 0",
    }


def commit() -> str:
    """Return the commit of the working tree; `+` says that files differ from it."""
    name = output_of("git", "-C", str(_HERE), "rev-parse", "--short", "HEAD")
    is_changed = bool(output_of("git", "-C", str(_HERE), "status", "--porcelain", "--untracked-files=no"))
    return f"{name}+" if is_changed else name


def output_of(*command: str) -> str:
    """Return what a command prints; empty if it fails."""
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    return (finished.stdout or finished.stderr).strip() if finished.returncode == 0 else ""


def default_name(started_at: dt.datetime) -> str:
    """Return the name of the result files."""
    return "-".join(part for part in (started_at.strftime("%Y-%m-%d-%H%M"), commit().rstrip("+")) if part)


def write_results(document: Document, activities: Sequence[Activity], folder: Path, name: str) -> None:
    """Write the four files of one comparison."""
    folder.mkdir(parents=True, exist_ok=True)
    write_document(document, folder / f"{name}.json")
    write_plot(document, folder / f"{name}.png")
    write_page(document, folder / f"{name}.html")
    sections = [
        f"# Corral and llama-server, {document.started_at}",
        machine_list(document.machine, document.facts),
        f"Medians over {document.n_rounds} rounds in turn. Bold: what the scenario is about.",
        markdown(document).rstrip(),
        f"![headlines of every round]({name}.png)",
        "## CPU time of the servers, in cores",
        activity_table(activities),
    ]
    (folder / f"{name}.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    print(folder / f"{name}.md")


def machine_list(machine: Machine, facts: dict[str, str]) -> str:
    """Return machine, libraries and facts as a Markdown list."""
    memory = f", {machine.memory_bytes / 2**30:.0f} GiB" if machine.memory_bytes else ""
    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    items = {
        "machine": f"{machine.processor}, {machine.n_cores} cores{memory}",
        "system": f"{machine.system}, Python {machine.python}",
        "libraries": libraries,
        **facts,
    }
    return "\n".join(f"- {name}: {text}" for name, text in items.items() if text)


def activity_table(activities: Sequence[Activity]) -> str:
    """Return how busy each server was, and how idle the other, at the most."""
    lines = ["| scenario | measured | its CPU (max) | the other's CPU (max) |", "| --- | --- | --- | --- |"]
    for scenario, name in dict.fromkeys((each.scenario, each.name) for each in activities):
        own = [each for each in activities if (each.scenario, each.name) == (scenario, name)]
        busy = max(each.busy_share for each in own)
        idle = max(each.idle_share for each in own)
        lines.append(f"| {scenario} | {name} | {busy:.2f} | {idle:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
