"""`corral bench`: arguments in, a table and files out."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import random
from collections.abc import Callable, Sequence

from rich.console import Console

from corral.bench.arguments import build_parser
from corral.bench.comparison import Repetition, Sample, check_distinct, compare
from corral.bench.dialect import DIALECTS
from corral.bench.document import Document, build_document, write_document
from corral.bench.errors import BenchError
from corral.bench.machine import describe_machine
from corral.bench.metric import METRICS
from corral.bench.page import write_page
from corral.bench.plot import write_plot
from corral.bench.report import build_table
from corral.bench.scenario import Load, in_open_loop, parse_scenario
from corral.bench.settings import LatencyTarget, LoadSettings
from corral.bench.target import Target, parse_target
from corral.bench.tune.command import tune
from corral.bench.workload import loads_of

# As many as fit into a few digits, which somebody may want to type again.
_N_SEEDS = 10**6


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status, 1 after a failure that has been told in a sentence.

    What was measured before a failure or an interruption is shown and written all the same.
    """
    arguments = build_parser().parse_args(argv)
    if arguments.tune is not None:
        return _status_of(lambda: tune(arguments))
    samples: list[Sample] = []
    started_at = dt.datetime.now(dt.UTC)
    if arguments.seed is None:
        # Another each time: a server that still has the last prompts in its cache would look too fast.
        arguments.seed = random.randrange(_N_SEEDS)  # noqa: S311 - nothing to hide
    status = _status_of(lambda: asyncio.run(_measure(arguments, samples)))
    if not samples:
        return status
    document = build_document(samples, describe_machine(), started_at=started_at, facts=_facts(arguments))
    return _shown(document, arguments, status)


def _shown(document: Document, arguments: argparse.Namespace, status: int) -> int:
    """Write and show the document; return `status`, or 1 if a file cannot be written."""
    status = max(status, _status_of(lambda: _write_files(document, arguments)))
    Console().print(build_table(document))
    return status


def _status_of(act: Callable[[], None]) -> int:
    """Return 0, or the status of the failure, which is told in a sentence."""
    try:
        act()
    except BenchError as error:
        console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        console.print(f"corral bench: {error.message}", style="red")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


async def _measure(arguments: argparse.Namespace, samples: list[Sample]) -> None:
    """Append a sample for each run."""
    targets = _targets(arguments)
    console = Console(stderr=True)
    repetition = Repetition(arguments.rounds, arguments.seed)
    async for sample in compare(targets, _loads(arguments), _settings(arguments), repetition):
        samples.append(sample)
        console.print(progress_line(sample), highlight=False, markup=False)


def progress_line(sample: Sample) -> str:
    """Return what to say after a run."""
    metric = METRICS[sample.scenario.headline]
    values = metric.values([sample.run])
    shown = ", ".join(f"{value * metric.scale:,.1f} {metric.unit}" for value in values) or "nothing"
    failed = f", {sample.run.n_failed} of {sample.run.n_requests} failed" if sample.run.n_failed else ""
    return f"{sample.scenario.name}, round {sample.round_ + 1}, {sample.target.name}: {shown}{failed}"


def _targets(arguments: argparse.Namespace) -> list[Target]:
    urls = [*arguments.url, *([arguments.vs] if arguments.vs is not None else [])]
    if len(urls) > 2:
        raise BenchError("--url takes one server, or two to compare.")
    names = [name.strip() for name in arguments.names.split(",")]
    if len(names) < len(urls):
        raise BenchError("--names takes a name for each server, for instance --names Corral,llama-server.")
    api_key = arguments.api_key[0] if arguments.api_key else None
    targets = [
        parse_target(name, url, api_key=api_key, is_verified=not arguments.insecure)
        for name, url in zip(names, urls, strict=False)
    ]
    check_distinct(targets)
    return targets


def _settings(arguments: argparse.Namespace) -> LoadSettings:
    return LoadSettings(
        dialect=DIALECTS[arguments.api],
        is_greedy=not arguments.sampled,
        has_text_prompts=arguments.text_prompts,
        models=_listed(arguments.model),
        api_keys=tuple(arguments.api_key),
        latency=_latency(arguments),
        timeout_s=arguments.timeout,
    )


def _latency(arguments: argparse.Namespace) -> LatencyTarget | None:
    if arguments.ttft_ms is None and arguments.itl_ms is None:
        return None
    return LatencyTarget(*(None if ms is None else ms / 1000 for ms in (arguments.ttft_ms, arguments.itl_ms)))


def _loads(arguments: argparse.Namespace) -> list[Load]:
    own: list[Load] = [(parse_scenario(text),) for text in arguments.scenario]
    names = arguments.workload or ("" if own else "W1")
    loads = [*loads_of(_listed(names)), *own]
    return [in_open_loop(load, arguments.rate, arguments.duration) for load in loads]


def _facts(arguments: argparse.Namespace) -> dict[str, str]:
    facts = {
        "api": arguments.api,
        "sampling": "the server's defaults" if arguments.sampled else "temperature 0",
        "seed": str(arguments.seed),
    }
    numbers = {
        "arrivals a second": arguments.rate,
        "seconds of arrivals": arguments.duration,
        "first token within, ms": arguments.ttft_ms,
        "gaps within, ms": arguments.itl_ms,
    }
    return facts | {name: f"{number:g}" for name, number in numbers.items() if number is not None}


def _write_files(document: Document, arguments: argparse.Namespace) -> None:
    for path, write in (
        (arguments.json, write_document),
        (arguments.html, write_page),
        (arguments.plot, write_plot),
    ):
        if path is not None:
            write(document, path)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
