"""Measures what Corral costs beside the model: processor time for each token, not wall-clock time.

Two tables: the engine's Python without a model, in this process; and `corral serve` over a small model, the
gateway and the engine apart, read from /proc (Linux). What else runs on the machine disturbs both far less
than it would disturb a throughput. With `--vs` a second Corral, of another commit, is measured in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import shlex
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from compare import running
from many_models import existing_file
from rich.console import Console
from rich.table import Table
from server_process import ServerProcess

from corral.bench.comparison import alternation
from corral.bench.dialect import DIALECTS
from corral.bench.errors import BenchError
from corral.bench.load import run_load
from corral.bench.prompt import PromptSource
from corral.bench.scenario import Load, Scenario, brief
from corral.bench.settings import LoadSettings
from corral.bench.target import Target, parse_target
from corral.bench.vocabulary import fetch_vocabulary
from corral.core.clock import MonotonicClock
from corral.core.engine_settings import DraftSettings, EngineSettings
from corral.core.messages import AnyEvent, to_events, to_frame
from corral.core.request import GenerationRequest
from corral.engine.fake import FakeRunner
from corral.engine.intake import Intake
from corral.engine.ports import Sampled
from corral.engine.scheduler import Scheduler

_N_PROMPT = 16
_N_CTX = 8192  # of one sequence without a model
_N_STEPS = 300
_N_WARMING = 50
_TOKEN = 97  # what the model that is none always says
_N_TOKENS = 16384  # of one run over a server, at least

Call = Callable[[Load, str], Awaitable[None]]  # sends a load, worded by a seed


class Case(NamedTuple):
    """What one figure is about."""

    server: str
    n_streams: int


class Cost(NamedTuple):
    """Microseconds of processor time for a token, and tokens a second of all streams."""

    gateway_us: float
    engine_us: float
    throughput: float


def main() -> int:
    """Measure, print the tables, and return the exit status."""
    arguments = build_parser().parse_args()
    streams = [int(text) for text in arguments.streams.split(",")]
    Console().print(engine_table(streams, arguments.rounds))
    if arguments.model is None:
        return 0
    commands = {"Corral": shlex.split(arguments.corral)}
    if arguments.vs:
        commands["other"] = shlex.split(arguments.vs)
    try:
        Console().print(asyncio.run(server_table(commands, streams, arguments)))
    except BenchError as error:
        print(f"step_cost: {error.message}", file=sys.stderr)
        return 1
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    parser = argparse.ArgumentParser(description="Measure what Corral costs beside the model.")
    add = parser.add_argument
    add("--streams", default="1,8,32,64", metavar="NUMBERS", help="(default: %(default)s)")
    add("--rounds", type=int, default=5, metavar="N", help="(default: %(default)s)")
    add(
        "--model",
        type=existing_file,
        metavar="FILE",
        help="a small GGUF file; without: no server",
    )
    add(
        "--corral",
        default=shlex.join([sys.executable, "-m", "corral", "serve"]),
        help="command line (default: %(default)s)",
    )
    add("--vs", metavar="COMMAND", help="command line of another Corral, to be measured in turn")
    add("--flags", default="-c 65536 -np 64 -t 1 --no-ui", help="more flags for both (default: %(default)s)")
    add("--api", choices=DIALECTS, default="completion", help="(default: %(default)s)")
    add("--sampled", action="store_true", help="the server's default sampling instead of temperature 0")
    add("--tokens", type=int, default=512, metavar="N", help="of each answer (default: %(default)s)")
    return parser


# The engine without a model


class Silent(FakeRunner):
    """A runner whose decodes and choices cost nothing."""

    def decode(self, n_rows: int) -> None:
        """Compute nothing."""

    def sample(self, rows: Sequence[tuple[int, Any]], steered: Sequence[Any] = ()) -> list[Sampled]:  # noqa: ARG002
        """Choose the same token for each."""
        return [Sampled(_TOKEN) for _ in rows]


def engine_table(streams: Sequence[int], n_rounds: int) -> Table:
    """Return the table of what a step costs in the engine's Python and as a frame, the best of all rounds."""
    table = Table("sequences", "step, us", "us a token", "frame out, us a token", "frame in, us a token")
    for n in streams:
        scheduler = busy_scheduler(n)
        rounds = [engine_costs(scheduler) for _ in range(n_rounds)]
        step_us, out_us, in_us = (min(column) for column in zip(*rounds, strict=True))
        table.add_row(str(n), f"{step_us:.1f}", *(f"{us / n:.2f}" for us in (step_us, out_us, in_us)))
    return table


def busy_scheduler(n: int) -> Scheduler:
    """Return a scheduler in which `n` sequences decode."""
    settings = EngineSettings(n_ctx=_N_CTX * n, n_parallel=n, drafts=DraftSettings(kinds=()))
    clock, runner = MonotonicClock(), Silent(settings)
    scheduler = Scheduler(runner, settings, clock)
    intake = Intake(runner.vocabulary, runner.facts, clock, is_shiftable=True)
    for i in range(n):
        request = GenerationRequest(request_id=f"request-{i}", prompt=[f"{i} hello"], max_tokens=_N_CTX - 64)
        scheduler.submit(intake.prepare(request))
    for _ in range(_N_WARMING):
        scheduler.step()
    return scheduler


def engine_costs(scheduler: Scheduler) -> tuple[float, float, float]:
    """Return the microseconds that a step takes, the writing of its frame, and the reading."""
    began_s = time.process_time()
    steps: list[list[AnyEvent]] = [scheduler.step() for _ in range(_N_STEPS)]
    stepped_s = time.process_time()
    frames = [to_frame(events) for events in steps]
    written_s = time.process_time()
    for frame in frames:
        to_events(frame[4:])
    times_s = (began_s, stepped_s, written_s, time.process_time())
    first, second, third = (1e6 * (b - a) / _N_STEPS for a, b in itertools.pairwise(times_s))
    return first, second, third


# Real servers


async def server_table(
    commands: dict[str, list[str]], streams: Sequence[int], arguments: argparse.Namespace
) -> Table:
    """Return the table of medians over the rounds, with the least and the most of the gateway's."""
    words = ["-m", str(arguments.model), *shlex.split(arguments.flags)]
    with running({name: [*command, *words] for name, command in commands.items()}) as servers:
        costs = await measure(servers, streams, arguments)
    table = Table("server", "streams", "gateway, us a token", "least-most", "engine, us a token", "tok/s")
    for case, found in costs.items():
        gateway, engine, throughput = (statistics.median(column) for column in zip(*found, strict=True))
        least, most = min(cost.gateway_us for cost in found), max(cost.gateway_us for cost in found)
        spread = f"{least:.1f}-{most:.1f}"
        table.add_row(*map(str, case), f"{gateway:.1f}", spread, f"{engine:.1f}", f"{throughput:,.0f}")
    return table


async def measure(
    servers: Sequence[ServerProcess], streams: Sequence[int], arguments: argparse.Namespace
) -> dict[Case, list[Cost]]:
    """Return the costs of every round; the servers take turns."""
    settings = LoadSettings(dialect=DIALECTS[arguments.api], is_greedy=not arguments.sampled)
    targets = [parse_target(server.name, server.url) for server in servers]
    by_name = {server.name: server for server in servers}
    callers = {each.name: await caller(each, settings) for each in targets}
    costs: dict[Case, list[Cost]] = {}
    for n in streams:
        scenario = scenario_of(n, arguments.tokens)
        for target in targets:
            await callers[target.name](brief((scenario,)), "warm-up")
        for round_, target in alternation(targets, arguments.rounds):
            cost = await one_cost(by_name[target.name], scenario, callers[target.name], f"{round_}")
            costs.setdefault(Case(target.name, n), []).append(cost)
    return costs


def scenario_of(n_streams: int, n_predict: int) -> Scenario:
    """Return a load of tokens enough for the clock, which counts hundredths of a second."""
    n_repeats = -(-_N_TOKENS // (n_streams * n_predict))
    return Scenario(
        f"{n_streams} streams", n_streams, _N_PROMPT, n_predict, n_repeats=n_repeats, is_drafted=False
    )


async def caller(target: Target, settings: LoadSettings) -> Call:
    """Return what sends a load to `target`."""
    source = PromptSource(await fetch_vocabulary(target, settings))

    async def call(load: Load, seed: str) -> None:
        await run_load(target, load, source, settings, seed=seed)

    return call


async def one_cost(server: ServerProcess, scenario: Scenario, call: Call, seed: str) -> Cost:
    """Return what the tokens of one run cost."""
    before_us, began_s = cpu_us(server), time.perf_counter()
    await call((scenario,), seed)
    took_s, after_us = time.perf_counter() - began_s, cpu_us(server)
    n_tokens = scenario.n_requests * scenario.n_predict
    gateway_us, engine_us = (after - before for before, after in zip(before_us, after_us, strict=True))
    return Cost(gateway_us / n_tokens, engine_us / n_tokens, n_tokens / took_s)


def cpu_us(server: ServerProcess) -> tuple[float, float]:
    """Return the processor time of the gateway so far, and that of its engines."""
    gateway, *engines = [1e6 * process.ticks / os.sysconf("SC_CLK_TCK") for process in server.family()]
    return gateway, sum(engines)


if __name__ == "__main__":
    sys.exit(main())
