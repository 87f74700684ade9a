"""`corral bench`: arguments in, a table and files out."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from corral.bench.comparison import Repetition, Sample, check_distinct, compare
from corral.bench.dialect import DIALECTS
from corral.bench.document import Document, build_document, write_document
from corral.bench.errors import BenchError
from corral.bench.load import LoadSettings
from corral.bench.machine import describe_machine
from corral.bench.metric import METRICS
from corral.bench.plot import write_plot
from corral.bench.report import build_table
from corral.bench.target import Target, parse_target
from corral.bench.workload import WORKLOADS, Scenario, parse_scenario, workloads_named


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status, 1 after a failure that has been told in a sentence."""
    arguments = build_parser().parse_args(argv)
    try:
        document = asyncio.run(_measure(arguments))
        Console().print(build_table(document))
        _write_files(document, arguments)
    except BenchError as error:
        console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        console.print(f"corral bench: {error.message}", style="red")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    titles = "; ".join(f"{each.name}: {each.title}" for each in WORKLOADS.values())
    parser = argparse.ArgumentParser(
        prog="corral bench", description="Measure any server that streams completions.", epilog=titles
    )
    add = parser.add_argument
    add("--url", required=True, help="base URL of the server (A)")
    add("--vs", metavar="URL", help="base URL of a second server (B), measured in turn with the first")
    add("--names", default="A,B", help="what to call the servers in results (default: %(default)s)")
    add("--workload", metavar="NAMES", help="comma-separated workloads (default: W1)")
    add(
        "--scenario",
        action="append",
        default=[],
        metavar="8x128+64",
        help="streams x prompt + predicted tokens",
    )
    add("--rounds", type=_positive, default=3, metavar="N", help="runs on each server (default: %(default)s)")
    add("--api", choices=DIALECTS, default="completion", help="which API to call (default: %(default)s)")
    add(
        "--model",
        metavar="NAMES",
        help="comma-separated models to ask for, where the server has several; W8 and W13 need two",
    )
    add("--sampled", action="store_true", help="the server's default sampling instead of temperature 0")
    add("--text-prompts", action="store_true", help="prompts as words, not as ids from /tokenize")
    add(
        "--seed", type=int, default=0, metavar="N", help="other numbers, other prompts (default: %(default)s)"
    )
    add("--api-key", metavar="KEY", help="sent as a bearer token")
    add("--insecure", action="store_true", help="accept any TLS certificate")
    add(
        "--timeout",
        type=float,
        default=600.0,
        metavar="S",
        help="seconds for one request (default: %(default)g)",
    )
    add("--json", type=Path, metavar="FILE", help="write everything measured")
    add("--plot", type=Path, metavar="FILE", help="write a picture (needs the extra `bench`)")
    return parser


async def _measure(arguments: argparse.Namespace) -> Document:
    started_at = dt.datetime.now(dt.UTC)
    targets = _targets(arguments)
    settings = LoadSettings(
        dialect=DIALECTS[arguments.api],
        is_greedy=not arguments.sampled,
        has_text_prompts=arguments.text_prompts,
        models=_listed(arguments.model),
        timeout_s=arguments.timeout,
    )
    samples: list[Sample] = []
    console = Console(stderr=True)
    repetition = Repetition(arguments.rounds, arguments.seed)
    async for sample in compare(targets, _scenarios(arguments), settings, repetition):
        samples.append(sample)
        console.print(progress_line(sample), highlight=False, markup=False)
    return build_document(samples, describe_machine(), started_at=started_at, facts=_facts(arguments))


def progress_line(sample: Sample) -> str:
    """Return what to say after a run."""
    metric = METRICS[sample.scenario.headline]
    shown = ", ".join(f"{value * metric.scale:,.1f} {metric.unit}" for value in metric.values([sample.run]))
    return f"{sample.scenario.name}, round {sample.round_ + 1}, {sample.target.name}: {shown}"


def _targets(arguments: argparse.Namespace) -> list[Target]:
    urls = [url for url in (arguments.url, arguments.vs) if url is not None]
    names = [name.strip() for name in arguments.names.split(",")]
    if len(names) < len(urls):
        raise BenchError("--names takes a name for each server, for instance --names Corral,llama-server.")
    targets = [
        parse_target(name, url, api_key=arguments.api_key, is_verified=not arguments.insecure)
        for name, url in zip(names, urls, strict=False)
    ]
    check_distinct(targets)
    return targets


def _scenarios(arguments: argparse.Namespace) -> list[Scenario]:
    own = [parse_scenario(text) for text in arguments.scenario]
    default = "" if own else "W1"
    names = arguments.workload or default
    return [scenario for workload in workloads_named(_listed(names)) for scenario in workload.scenarios] + own


def _facts(arguments: argparse.Namespace) -> dict[str, str]:
    sampling = "the server's defaults" if arguments.sampled else "temperature 0"
    return {"api": arguments.api, "sampling": sampling, "seed": str(arguments.seed)}


def _write_files(document: Document, arguments: argparse.Namespace) -> None:
    if arguments.json is not None:
        write_document(document, arguments.json)
    if arguments.plot is not None:
        write_plot(document, arguments.plot)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
