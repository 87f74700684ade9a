"""Many clients on one model for minutes, many of whom leave early: memory must stay flat, answers right.

Starts `corral serve`, and then each of the clients goes on with a chat of its own, or begins a new one, by
stream or as a whole, free or by a JSON schema, one answer or several. Some leave at a random moment: in the
queue, in the prompt, in mid-answer. Every few seconds the memory of the gateway and of the engine, and the
files that they have open, are noted. The exit status is 1 if

- a request fails, other than by a full queue,
- the last quarter of the time needs more memory or files than the second quarter,
- a slot is busy when everybody has left, or
- a fixed question has another answer than at the start.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import endurance_client as client
import httpx
import msgspec
from many_models import existing_file
from process_memory import n_files, rss_bytes
from server_process import ServerProcess

from corral.bench.machine import describe_machine
from corral.catalog.bundled import bundled_model

_TIMEOUT_S = 300.0  # a request that takes longer hangs
_LOOK_EVERY_S = 5.0
_IDLE_S = 10.0
# Allocators keep arenas: what is no leak settles within the first half.
_FLAT_SHARE = 0.03
_FLAT_BYTES = 4 * 1024**2
_FLAT_FILES = 3
_QUESTION = {"prompt": "Once upon a time", "n_predict": 16, "temperature": 0, "cache_prompt": False}

Note = Callable[[str], None]


class Look(NamedTuple):
    """What the processes held at a moment: resident bytes, open files."""

    at_s: float
    gateway_rss: int
    engine_rss: int
    n_files: int


class Seen(NamedTuple):
    """What happened: how requests ended, counted, and the looks in order."""

    endings: Counter[str]
    looks: Sequence[Look]
    faults: Sequence[str]


def main() -> int:
    """Run, print, and return the exit status."""
    arguments = build_parser().parse_args()
    seen = asyncio.run(endured(arguments))
    for line in summary(seen):
        print(line)
    for fault in seen.faults:
        print(f"endurance: {fault}", file=sys.stderr)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(document(seen, arguments), indent=1) + "\n")
    return int(bool(seen.faults))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    parser = argparse.ArgumentParser(description="Keep one model busy for minutes; memory must stay flat.")
    add = parser.add_argument
    add("--model", type=existing_file, default=bundled_model(), help="a GGUF file (default: the bundled one)")
    add("--clients", type=int, default=32, help="(default: %(default)s)")
    add("--seconds", type=float, default=600.0, help="(default: %(default)g)")
    add(
        "--flags",
        default="-c 32768 -np 16 --cache-ram 64 --max-queue 12",
        help="flags of the server (default: %(default)s)",
    )
    add("--seed", type=int, default=0)
    add("--json", type=Path, metavar="FILE", help="write everything seen")
    return parser


async def endured(arguments: argparse.Namespace) -> Seen:
    """Run the server and its clients, and return what was seen."""
    endings: Counter[str] = Counter()
    faults: list[str] = []
    with serving(arguments.model, arguments.flags, faults.append) as server:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=server.url, timeout=_TIMEOUT_S, limits=limits) as http:
            first = await answer(http)
            until_s = time.monotonic() + arguments.seconds
            clients = [
                asyncio.create_task(client.ask_on(http, random.Random(arguments.seed + n), until_s, endings))  # noqa: S311 - a fixed mix
                for n in range(arguments.clients)
            ]
            looks = await watched(server, until_s, faults.append)
            await asyncio.gather(*clients)
            await check_end(http, first, faults.append)
    faults.extend(f"{n} requests {what}" for what, n in endings.items() if what not in client.WELL)
    check_flat(looks, faults.append)
    return Seen(endings, looks, faults)


@contextlib.contextmanager
def serving(model: Path, flags: str, note: Note) -> Iterator[ServerProcess]:
    """Run a server, and note the processes that it leaves behind."""
    words = ["--no-ui", "--metrics", "-m", str(model), *flags.split()]
    command = [sys.executable, "-m", "corral", "serve", *words]
    with tempfile.TemporaryDirectory() as folder:
        server = ServerProcess("Corral", command, Path(folder) / "log")
        try:
            server.wait_until_ready()
            yield server
        finally:
            left = server.stop()
            if left:
                note(f"{len(left)} processes were left when the server had ended")


async def answer(http: httpx.AsyncClient) -> str:
    """Return the answer to the fixed question."""
    content: str = (await http.post("/completion", json=_QUESTION)).raise_for_status().json()["content"]
    return content


async def watched(server: ServerProcess, until_s: float, note: Note) -> list[Look]:
    """Look at the processes now and then, and note when there is no engine."""
    began_s = time.monotonic()
    looks = []
    while time.monotonic() < until_s:
        at_s = time.monotonic() - began_s
        gateway, *others = (member.pid for member in server.family())
        if others:
            files = sum(n_files(pid) for pid in (gateway, *others))
            engine = max(rss_bytes(pid) for pid in others)  # beside it there is a spare one at most
            looks.append(Look(at_s, rss_bytes(gateway), engine, files))
        else:
            note(f"there was no engine after {at_s:.0f} s")
        await asyncio.sleep(_LOOK_EVERY_S)
    return looks


async def check_end(http: httpx.AsyncClient, first: str, note: Note) -> None:
    """Note who is busy though everybody has left, and whether the fixed question is answered as before."""
    deadline_s = time.monotonic() + _IDLE_S
    while n_busy := await busy(http):
        if time.monotonic() > deadline_s:
            note(f"{n_busy} slots are busy and nobody asks")
            break
        await asyncio.sleep(0.1)
    last = await answer(http)
    if last != first:
        note(f"the fixed question is answered {last!r}, and at the start {first!r}")


async def busy(http: httpx.AsyncClient) -> int:
    """Return how many requests run or wait, of anybody."""
    text = (await http.get("/metrics")).raise_for_status().text
    wanted = ("llamacpp:requests_processing", "llamacpp:requests_deferred")
    return sum(int(float(line.split()[-1])) for line in text.splitlines() if line.startswith(wanted))


def check_flat(looks: Sequence[Look], note: Note) -> None:
    """Note growth: the last quarter of the time beside the second one."""
    for name, most in (("gateway_rss", _FLAT_BYTES), ("engine_rss", _FLAT_BYTES), ("n_files", _FLAT_FILES)):
        early, late = quarters(looks, name)[1::2]
        if late - early > max(most, early * _FLAT_SHARE if name != "n_files" else 0):
            note(f"{name} grew from {early:,.0f} to {late:,.0f}")


def quarters(looks: Sequence[Look], name: str) -> list[float]:
    """Return the median of each quarter of the time."""
    values = [getattr(look, name) for look in looks]
    n = max(1, len(values) // 4)
    return [statistics.median(values[i * n : (i + 1) * n] or values[-1:]) for i in range(4)]


def summary(seen: Seen) -> Iterator[str]:
    """Yield sentences."""
    yield ", ".join(f"{n:,} {what}" for what, n in seen.endings.most_common())
    for name, unit in (("gateway_rss", 1024**2), ("engine_rss", 1024**2), ("n_files", 1)):
        shown = ", ".join(f"{value / unit:.1f}" for value in quarters(seen.looks, name))
        yield f"{name} in each quarter of the time: {shown}{' MiB' if unit > 1 else ''}"


def document(seen: Seen, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return everything as JSON."""
    return {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": msgspec.to_builtins(describe_machine(("corral", "llama-cpp-python"))),
        "model": arguments.model.name,
        "flags": arguments.flags,
        "n_clients": arguments.clients,
        "seconds": arguments.seconds,
        "faults": list(seen.faults),
        "endings": dict(seen.endings),
        "summary": list(summary(seen)),
        "looks": [look._asdict() for look in seen.looks],
    }


if __name__ == "__main__":
    sys.exit(main())
