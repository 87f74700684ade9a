"""Measures KV layout, attention and n_ubatch over the length of the context, in process, without a server.

One thing is varied at a time. Every point is written as soon as it is measured, and a further call with the
same name goes on where the last one stopped. Writes NAME.json and NAME.md into the results folder.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import logging
import signal
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from compare import commit, machine_list
from context_subject import N_SEGMENT, N_SEQUENCES, Arrangement, States, Subject, Timing, arranged

from corral.bench.machine import Machine, describe_machine

_HERE = Path(__file__).resolve().parent
_LIBRARIES = ("corral", "llama-cpp-python", "numpy")
_INTERRUPTED = 130
_FORMAT = 1
_LENGTHS = (1024, 2048, 4096, 8192, 16384)
_UBATCHES = (512, 256, 1024, 128, 2048)
# What matters most first: the time may not do for all.
_ONE_BY_ONE = (
    Arrangement(),
    Arrangement(is_unified=True),
    Arrangement(n_ubatch=256),
    Arrangement(n_ubatch=1024),
    Arrangement(flash_attn="off"),
    Arrangement(kv_type="q8_0"),
    Arrangement(n_ubatch=128),
    Arrangement(n_ubatch=2048),
    Arrangement(flash_attn="on"),
)


_LEGEND = (
    f"Prefill: tokens a second of the last {N_SEGMENT:,} tokens before that length. Then milliseconds of a "
    f"decode step: of one sequence, of {N_SEQUENCES} with contexts of their own, of {N_SEQUENCES} that share "
    "one. Medians over the rounds, of which n were measured."
)


class OutOfTimeError(Exception):
    """The time is up in the middle of a point, which is given up."""


class Point(msgspec.Struct, frozen=True):
    """What was measured of an arrangement behind one length of context."""

    arrangement: Arrangement
    timing: Timing


class Document(msgspec.Struct, frozen=True):
    """The whole measurement. `facts` must be the same for points to stand beside each other."""

    format: int
    started_at: str
    commit: str
    machine: Machine
    facts: dict[str, str]
    points: list[Point]


class Measurement:
    """Points one after another until the time is up; `document` grows meanwhile, and so does its file."""

    def __init__(self, arguments: argparse.Namespace, document: Document, path: Path) -> None:
        self._model: Path = arguments.model
        self._n_threads: int | None = arguments.threads
        self._lengths: list[int] = sorted(arguments.lengths)
        self._deadline_s: float = time.monotonic() + arguments.minutes * 60
        self._document = document
        self._path = path
        self._states: States = {}

    def run(self, arrangements: Sequence[Arrangement], n_rounds: int) -> None:
        """Measure what is missing, one round after another. Raises `OutOfTimeError`."""
        for n_wanted, arrangement in itertools.product(range(1, n_rounds + 1), arrangements):
            if missing := [n for n in self._lengths if self._count(arrangement, n) < n_wanted]:
                self.check_time()
                settings = arrangement.settings(max(self._lengths), self._n_threads)
                with arranged(str(self._model), arrangement, settings, self._states) as subject:
                    for n in missing:
                        self._measure(subject, arrangement, n)

    def check_time(self) -> None:
        """Raise `OutOfTimeError` when the time is up."""
        if time.monotonic() > self._deadline_s:
            raise OutOfTimeError

    def _measure(self, subject: Subject, arrangement: Arrangement, n_context: int) -> None:
        self.check_time()
        point = Point(arrangement, subject.time(n_context, self.check_time))
        self._document.points.append(point)
        self._path.write_bytes(msgspec.json.format(msgspec.json.encode(self._document), indent=1) + b"\n")
        print(row([point]), file=sys.stderr)

    def _count(self, arrangement: Arrangement, n_context: int) -> int:
        return sum(
            (each.arrangement, each.timing.n_context) == (arrangement, n_context)
            for each in self._document.points
        )


def main() -> int:
    """Measure, write the results, and return the exit status."""
    arguments = build_parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logging.disable(logging.WARNING)  # llama.cpp's remarks on every context
    folder: Path = arguments.results
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{arguments.name or f'long-contexts-{arguments.model.stem}'}.json"
    document = begun(path, arguments)
    status = 0
    try:
        Measurement(arguments, document, path).run(
            list(arrangements(is_full=arguments.full)), arguments.rounds
        )
    except OutOfTimeError:
        print("The time is up; the same call again goes on from here.", file=sys.stderr)
    except KeyboardInterrupt:
        status = _INTERRUPTED
    write_table(document, path.with_suffix(".md"))
    return status


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    parser = argparse.ArgumentParser(description="Measure prefill and decode over the length of the context.")
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="FILE", help="a GGUF file")
    add(
        "--lengths",
        type=several_lengths,
        default=list(_LENGTHS),
        metavar="N,...",
        help="tokens of context (default: 1k to 16k)",
    )
    add("--full", action="store_true", help="every combination, not one thing at a time")
    add("--rounds", type=int, default=1, metavar="N", help="(default: %(default)s)")
    add("--threads", type=int, metavar="N", help="(default: as many as the engine takes)")
    add("--minutes", type=float, default=8, metavar="M", help="when to stop (default: %(default)s)")
    add("--results", type=Path, default=_HERE / "results", help="folder (default: results/ beside this)")
    add("--name", help="name of the result files (default: that of the model)")
    return parser


def several_lengths(text: str) -> list[int]:
    """Return the numbers of a list with commas."""
    words = text.split(",")
    if not all(word.isdecimal() and int(word) for word in words):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers such as 1024,4096")
    return [int(word) for word in words]


def arrangements(*, is_full: bool) -> Iterator[Arrangement]:
    """Yield what is to be measured, the most telling first."""
    yield from _ONE_BY_ONE
    if not is_full:
        return
    for unified, flash, kv_type, n_ubatch in itertools.product(
        (False, True), ("auto", "on", "off"), ("f16", "q8_0"), _UBATCHES
    ):
        arrangement = Arrangement(unified, n_ubatch, flash, kv_type)
        is_refused = flash == "off" and kv_type == "q8_0"  # quantised values need flash attention
        if not is_refused and arrangement not in _ONE_BY_ONE:
            yield arrangement


def begun(path: Path, arguments: argparse.Namespace) -> Document:
    """Return the document in `path` to go on with, or a new one.

    Raises:
        SystemExit: what is there was measured on other premises.
    """
    document = Document(
        format=_FORMAT,
        started_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        commit=commit(),
        machine=describe_machine(_LIBRARIES),
        facts={
            "model": arguments.model.name,
            "threads": str(arguments.threads or "the engine's choice"),
            "room of a sequence": f"{max(arguments.lengths)} tokens",
        },
        points=[],
    )
    if not path.exists():
        return document
    try:
        earlier = msgspec.json.decode(path.read_bytes(), type=Document)
    except msgspec.DecodeError as error:
        raise SystemExit(f"{path} is no result of this script: {error}.") from error
    if (earlier.format, earlier.machine, earlier.facts) != (_FORMAT, document.machine, document.facts):
        raise SystemExit(f"{path} was measured on another machine, model or version; give another --name.")
    return earlier


def write_table(document: Document, path: Path) -> None:
    """Write the tables, and print them."""
    commits = {"commit": document.commit}
    table = build_table(document.points)
    sections = [
        f"# Prefill and decode over the length of the context, {document.started_at}",
        machine_list(document.machine, {**commits, **document.facts}),
        _LEGEND,
        table,
    ]
    path.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
    print(table)
    print(path)


def build_table(points: Sequence[Point]) -> str:
    """Return a row for each arrangement and length, those of an arrangement together."""
    lines = [
        "| layout | n_ubatch | flash | KV | context | n | prefill tok/s | 1: ms | 8: ms | 8 shared: ms |",
        f"|{' --- |' * 10}",
    ]
    for arrangement in dict.fromkeys(each.arrangement for each in points):
        own = [each for each in points if each.arrangement == arrangement]
        lengths = sorted({each.timing.n_context for each in own})
        lines += [row([each for each in own if each.timing.n_context == n]) for n in lengths]
    return "\n".join(lines)


def row(points: Sequence[Point]) -> str:
    """Return the row of the points of one arrangement and length."""
    arrangement, timings = points[0].arrangement, [each.timing for each in points]
    shared_ms = [each.eight_shared_ms for each in timings if each.eight_shared_ms is not None]
    cells = (
        "unified" if arrangement.is_unified else "streams",
        str(arrangement.n_ubatch),
        arrangement.flash_attn,
        arrangement.kv_type,
        f"{timings[0].n_context:,}",
        str(len(timings)),
        f"{statistics.median(each.prefill_tok_s for each in timings):,.0f}",
        f"{statistics.median(each.one_ms for each in timings):.1f}",
        f"{statistics.median(each.eight_ms for each in timings):.1f}",
        f"{statistics.median(shared_ms):.1f}" if shared_ms else "",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
