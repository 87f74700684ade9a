"""Swaps, storms and kills over real engines: nothing may fail, grow or stay behind.

Starts `corral serve --models-dir` over three links to a GGUF file, or over three files, and

1. loads and unloads each, and notes the memory of the server before, meanwhile and after;
2. swaps between two of them with room for one;
3. kills the engine of one in the middle of a stream, and asks again at once;
4. lets clients ask all three at once with room for two, some leaving early, while engines are killed;

and says what it saw. The exit status is 1 if anything was not as it must be.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from many_models import existing_file
from process_memory import exists, n_files, own_bytes, rss_bytes
from rich.console import Console
from rich.table import Table
from server_process import ServerProcess
from soak_client import ADMIN_KEY, Client
from soak_recovery import Recovery, recovered
from soak_storm import Storm

from corral.bench.machine import describe_machine
from corral.catalog.bundled import bundled_model

_HERE = Path(__file__).resolve().parent
_LETTERS = "abc"
_N_TOKENS = 8
_N_KILLS = 3
# The first swaps fill pools and caches of the server; what it holds after them is what it keeps.
_N_WARM = 20
_SETTLE_S = 0.5  # the imports of a spare engine that has just begun
# Arenas of the allocator come and go; a leak of a kilobyte for each swap would show in some thousand swaps.
_FLAT_BYTES = 4 * 1024**2
_FLAT_FILES = 3

Note = Callable[[str], None]


class Load(NamedTuple):
    """What one model took, in bytes: as told and as measured, and the whole server around its load."""

    model: str
    estimate: int
    shown_rss: int
    engine_rss: int
    engine_own: int
    before: int
    loaded: int
    after: int


class Swap(NamedTuple):
    """One swap: how long its request took, and what the server held afterwards."""

    seconds: float
    gateway_rss: int
    gateway_files: int


class Seen(NamedTuple):
    """What happened after the loads."""

    swaps: Sequence[Swap]
    recoveries: Sequence[Recovery]
    storm: Storm


def main() -> int:
    """Run, print, and return the exit status."""
    arguments = build_parser().parse_args()
    faults: list[str] = []
    with tempfile.TemporaryDirectory(dir=_folder(arguments.models)) as folder:
        fill(Path(folder), arguments.models)
        with serving(folder, 1, arguments.flags, faults.append) as (server, client):
            of_files = client.names()[: len(arguments.models)]
            loads = [measured(server, client, model, faults.append) for model in of_files]
            swaps = swapped(server, client, arguments.swaps, faults.append)
        with serving(folder, 2, arguments.flags, faults.append) as (server, client):
            crash = [recovered(client, *client.names()[:2], faults.append) for _ in range(_N_KILLS)]
            storm = Storm(server.url, client.names(), arguments.seed)
            storm.run(arguments.seconds)
            after_storm(storm, client, faults.append)
    check_flat(swaps, faults.append)
    show(loads, Seen(swaps, crash, storm))
    for fault in faults:
        print(f"soak: {fault}", file=sys.stderr)
    if arguments.json is not None:
        arguments.json.write_text(
            json.dumps(document(loads, Seen(swaps, crash, storm), faults), indent=1) + "\n"
        )
    return int(bool(faults))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    parser = argparse.ArgumentParser(description="Swap, ask and kill the engines of one Corral for a while.")
    add = parser.add_argument
    add("--models", nargs="+", type=existing_file, default=[bundled_model()], help="GGUF files, 1 to 3")
    add("--swaps", type=int, default=200, help="(default: %(default)s)")
    add("--seconds", type=float, default=60.0, help="of the storm (default: %(default)g)")
    add("--flags", default="-c 4096 -np 4", help="more flags for the server (default: %(default)s)")
    add("--seed", type=int, default=0)
    add("--json", type=Path, metavar="FILE", help="write everything seen")
    return parser


def _folder(models: Sequence[Path]) -> Path | None:
    """Return where links to the models can lie, None: where temporary files do."""
    parent = models[0].resolve().parent
    return parent if os.access(parent, os.W_OK) and models[0] != bundled_model() else None


def fill(folder: Path, models: Sequence[Path]) -> None:
    """Give the folder three models, the last file as often as it takes."""
    for i, letter in enumerate(_LETTERS):
        (folder / f"{letter}.gguf").symlink_to(models[min(i, len(models) - 1)].resolve())


@contextlib.contextmanager
def serving(folder: str, n_workers: int, flags: str, note: Note) -> Iterator[tuple[ServerProcess, Client]]:
    """Run a server, and note the processes that it leaves behind."""
    words = ["--models-dir", folder, "--max-workers", str(n_workers), "--no-ui", "--admin-key", ADMIN_KEY]
    log = Path(folder) / "log"
    command = [sys.executable, "-m", "corral", "serve", *words, *flags.split()]
    server = ServerProcess("Corral", command, log)
    try:
        server.wait_until_ready()
        with contextlib.closing(Client(server.url)) as client:
            yield server, client
    finally:
        left = server.stop()
        if left:
            note(f"{len(left)} processes were left when the server had ended")


def measured(server: ServerProcess, client: Client, model: str, note: Note) -> Load:
    """Load and unload a model."""
    time.sleep(_SETTLE_S)
    before = whole_rss(server)
    estimate = client.view(model)["need"]["host_bytes"]
    pid = client.load(model)["pid"]
    client.complete(model, "The first request touches what loading did not.", _N_TOKENS)
    time.sleep(1.5)  # a heartbeat tells the server what its engine holds
    view, loaded = client.view(model), whole_rss(server)
    engine, own = rss_bytes(pid), own_bytes(pid)
    client.unload(model)
    if exists(pid):
        note(f"{model} is unloaded, and its process is there")
    time.sleep(_SETTLE_S)
    return Load(model, estimate, view["rss_bytes"], engine, own, before, loaded, whole_rss(server))


def swapped(server: ServerProcess, client: Client, n_swaps: int, note: Note) -> list[Swap]:
    """Ask two models in turn. Each must answer what it answered first, and the other be gone."""
    models, pid, first = client.names()[:2], None, {}
    swaps = []
    for n in range(n_swaps):
        model = models[n % 2]
        began_s = time.perf_counter()
        text = client.complete(model, "Once upon a time", _N_TOKENS)
        seconds = time.perf_counter() - began_s
        if text != first.setdefault(model, text):
            note(f"swap {n}: {model} answers {text!r}, not {first[model]!r} as before")
        if pid is not None and exists(pid):
            note(f"swap {n}: {model} answers, and the process of the other is there")
        pid = client.view(model)["pid"]
        gateway = server.family()[0].pid
        swaps.append(Swap(seconds, rss_bytes(gateway), n_files(gateway)))
    return swaps


def after_storm(storm: Storm, client: Client, note: Note) -> None:
    """Note what must not have happened, and that every model answers when the storm is over."""
    for outcome in storm.unexplained():
        note(f"a request to {outcome.model} failed and its engine was not killed: {outcome.error}")
    for model in client.names():
        client.complete(model, "Is all well?", _N_TOKENS)


def check_flat(swaps: Sequence[Swap], note: Note) -> None:
    """Note growth: the end of the swaps beside what came after the first ones."""
    settled = swaps[_N_WARM:]
    if len(settled) < _N_WARM:
        return
    n = len(settled) // 4
    early, late = settled[:n], settled[-n:]
    more_bytes = _middle(s.gateway_rss for s in late) - _middle(s.gateway_rss for s in early)
    more_files = _middle(s.gateway_files for s in late) - _middle(s.gateway_files for s in early)
    if more_bytes > _FLAT_BYTES:
        note(f"the gateway grew by {more_bytes / 1024**2:.1f} MiB in {len(settled)} swaps")
    if more_files > _FLAT_FILES:
        note(f"the gateway has {more_files:g} more files open after {len(settled)} swaps")


def whole_rss(server: ServerProcess) -> int:
    """Return the resident memory of the server with its engines."""
    return sum(rss_bytes(member.pid) for member in server.family())


def _middle(values: Iterator[int] | Any) -> float:  # noqa: ANN401 - any iterable of numbers
    return float(statistics.median(values))


def show(loads: Sequence[Load], seen: Seen) -> None:
    """Print the tables."""
    console = Console()
    table = Table(title="Memory [MiB]: the model's estimate and engine; the whole server before, with, after")
    for column in Load._fields:
        table.add_column(column.replace("_", " "), justify="left" if column == "model" else "right")
    for load in loads:
        table.add_row(load.model, *(f"{value / 1024**2:,.0f}" for value in load[1:]))
    console.print(table)
    for line in summary(*seen):
        console.print(line, highlight=False)


def summary(swaps: Sequence[Swap], recoveries: Sequence[Recovery], storm: Storm) -> Iterator[str]:
    """Yield sentences."""
    times = sorted(swap.seconds * 1000 for swap in swaps)
    yield f"{len(swaps)} swaps: median {_middle(times):.0f} ms, {times[0]:.0f} to {times[-1]:.0f}"
    marks = sorted({0, min(_N_WARM, len(swaps) - 1), len(swaps) // 2, len(swaps) - 1})
    yield "gateway: " + ", ".join(
        f"{swaps[n].gateway_rss / 1024**2:.1f} MiB and {swaps[n].gateway_files} files after swap {n + 1}"
        for n in marks
    )
    told, answered, load = (_middle(r[i] * 1000 for r in recoveries) for i in (2, 3, 1))
    yield (
        f"{len(recoveries)} kills in mid-stream: told after {told:.0f} ms, the next request answered after "
        f"{answered:.0f} ms; a load takes {load:.0f} ms"
    )
    counts = Counter(_kind(storm, outcome) for outcome in storm.outcomes)
    yield f"storm: {len(storm.kills)} kills; requests " + ", ".join(
        f"{n} {k}" for k, n in sorted(counts.items())
    )


def _kind(storm: Storm, outcome: Any) -> str:  # noqa: ANN401
    if outcome.error:
        return "failed without a reason" if outcome in storm.unexplained() else "failed by a kill"
    return "left early" if outcome.has_left else "answered"


def document(loads: Sequence[Load], seen: Seen, faults: Sequence[str]) -> dict[str, Any]:
    """Return everything as JSON."""
    return {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": msgspec.to_builtins(describe_machine(("corral", "llama-cpp-python"))),
        "faults": list(faults),
        "memory": [load._asdict() for load in loads],
        "swaps": [swap._asdict() for swap in seen.swaps],
        "recoveries": [recovery._asdict() for recovery in seen.recoveries],
        "summary": list(summary(*seen)),
        "n_requests": len(seen.storm.outcomes),
        "kills": [kill._asdict() for kill in seen.storm.kills],
        "failed": [outcome._asdict() for outcome in seen.storm.outcomes if outcome.error],
    }


if __name__ == "__main__":
    sys.exit(main())
