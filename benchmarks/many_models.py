"""Measures one Corral that serves two models: W13, both busy at once; W8, one in memory at a time.

Starts `corral serve --models-dir` over a folder made for it, asks it which models it has, and writes
NAME.json, NAME.png, NAME.html and NAME.md into `benchmarks/results/`. The same file may be given twice.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import shlex
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from compare import commit, default_name, machine_list, running

from corral.bench.command import progress_line
from corral.bench.comparison import Repetition, Sample, compare
from corral.bench.dialect import DIALECTS
from corral.bench.document import Document, build_document, write_document
from corral.bench.errors import BenchError
from corral.bench.machine import describe_machine
from corral.bench.page import write_page
from corral.bench.plot import write_plot
from corral.bench.report import markdown
from corral.bench.settings import LoadSettings
from corral.bench.target import parse_target
from corral.bench.workload import loads_of

_HERE = Path(__file__).resolve().parent
_LIBRARIES = ("corral", "llama-cpp-python", "numpy", "msgspec", "fastapi", "uvicorn")
_N_READS = 5
_READ_BYTES = 8 * 1024**2
# W8 must not find both models in memory.
_WORKERS = {"W8": 1}


def main() -> int:
    """Measure, write the results, and return the exit status."""
    arguments = build_parser().parse_args()
    started_at = dt.datetime.now(dt.UTC)
    samples: list[Sample] = []
    try:
        with tempfile.TemporaryDirectory(dir=arguments.models[0].resolve().parent) as folder:
            fill(Path(folder), arguments.models)
            for name in arguments.workload.split(","):
                asyncio.run(measure(name.strip(), Path(folder), arguments, samples))
    except BenchError as error:
        print(f"many_models: {error.message}", file=sys.stderr)
        return 1
    document = build_document(
        samples, describe_machine(_LIBRARIES), started_at=started_at, facts=facts(arguments)
    )
    write_results(document, arguments.results, arguments.name or f"{default_name(started_at)}-models")
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    parser = argparse.ArgumentParser(description="Measure one Corral that serves two models.")
    add = parser.add_argument
    add("--models", nargs=2, type=existing_file, required=True, metavar="FILE", help="two GGUF files")
    add("--workload", default="W13,W8", metavar="NAMES", help="(default: %(default)s)")
    add(
        "--corral",
        default=shlex.join([sys.executable, "-m", "corral", "serve"]),
        help="command line (default: %(default)s)",
    )
    add("--flags", default="-c 16384 -np 8", help="more flags for it (default: %(default)s)")
    add("--rounds", type=int, default=5, metavar="N")
    add("--sampled", action="store_true", help="the server's default sampling instead of temperature 0")
    add("--results", type=Path, default=_HERE / "results", help="folder (default: results/ beside this)")
    add("--name", help="name of the result files (default: date and commit)")
    return parser


def existing_file(text: str) -> Path:
    """Return the path of a file that is there."""
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return Path(text)


def fill(folder: Path, models: Sequence[Path]) -> None:
    """Give the folder the two files under names of their own; copied only where they cannot be linked."""
    for letter, model in zip("ab", models, strict=True):
        name = folder / f"model-{letter}.gguf"
        try:
            os.link(model.resolve(), name)
        except OSError:
            shutil.copyfile(model, name)


async def measure(name: str, folder: Path, arguments: argparse.Namespace, samples: list[Sample]) -> None:
    """Append the samples of one workload, with a server started for it and stopped after it."""
    loads = loads_of([name])
    words = ["--models-dir", str(folder), "--max-workers", str(_WORKERS.get(name, 2))]
    command = [*shlex.split(arguments.corral), *words, *shlex.split(arguments.flags)]
    with running({"Corral": command}) as (server,):
        settings = LoadSettings(
            dialect=DIALECTS["openai"], is_greedy=not arguments.sampled, models=served_models(server.url)
        )
        target = parse_target(server.name, server.url)
        try:
            async for sample in compare([target], loads, settings, Repetition(arguments.rounds)):
                samples.append(sample)
                print(progress_line(sample), file=sys.stderr)
        except BenchError as error:
            raise BenchError(" ".join(filter(None, [error.message, server.ending()]))) from error


def served_models(url: str) -> tuple[str, ...]:
    """Return the names under which the server serves the folder."""
    with urllib.request.urlopen(f"{url}/v1/models") as answer:  # noqa: S310 - a server of our own
        return tuple(sorted(model["id"] for model in json.load(answer)["data"]))


def facts(arguments: argparse.Namespace) -> dict[str, str]:
    """Return what is needed to repeat the measurement, and what a load is compared with."""
    return {
        "commit": commit(),
        "Corral": " ".join(Path(word).name for word in shlex.split(arguments.corral)),
        "models": ", ".join(model.name for model in arguments.models),
        "flags": arguments.flags,
        "reading a file": ", ".join(f"{read_s(model) * 1000:.0f} ms" for model in arguments.models),
        "sampling": "the server's defaults" if arguments.sampled else "temperature 0",
    }


def read_s(path: Path) -> float:
    """Return how long it takes to read the file whole, as it lies in the system's cache by now."""
    return statistics.median(_one_read_s(path) for _ in range(_N_READS))


def _one_read_s(path: Path) -> float:
    buffer = bytearray(_READ_BYTES)
    began_s = time.perf_counter()
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass
    return time.perf_counter() - began_s


def write_results(document: Document, folder: Path, name: str) -> None:
    """Write the four files."""
    folder.mkdir(parents=True, exist_ok=True)
    write_document(document, folder / f"{name}.json")
    write_plot(document, folder / f"{name}.png")
    write_page(document, folder / f"{name}.html")
    sections = [
        f"# One Corral with two models, {document.started_at}",
        machine_list(document.machine, document.facts),
        f"Medians over {document.n_rounds} rounds. Bold: what the scenario is about.",
        markdown(document).rstrip(),
        f"![headlines of every round]({name}.png)",
    ]
    (folder / f"{name}.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    print(folder / f"{name}.md")


if __name__ == "__main__":
    sys.exit(main())
