"""The arguments of `corral bench`."""

from __future__ import annotations

import argparse
import math
import shlex
from pathlib import Path

from corral.bench.dialect import DIALECTS
from corral.bench.errors import BenchError
from corral.bench.workload import WORKLOADS


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all arguments."""
    titles = "; ".join(f"{each.name}: {each.title}" for each in WORKLOADS.values())
    parser = argparse.ArgumentParser(
        prog="corral bench", description="Measure any server that streams completions.", epilog=titles
    )
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument(
        "--url",
        action="append",
        help="base URL of the server (A); given twice, the second (B) is measured in turn with the first",
    )
    whom.add_argument(
        "--tune", metavar="MODEL", help="find the best flags of `corral serve` for this file and machine"
    )
    _add_servers(parser)
    _add_load(parser)
    _add_judgement(parser)
    _add_tuning(parser)
    return parser


def _add_servers(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("the servers").add_argument
    add("--vs", metavar="URL", help="the same as a second --url")
    add("--names", default="A,B", help="what to call the servers in results (default: %(default)s)")
    add("--api", choices=DIALECTS, default="completion", help="which API to call (default: %(default)s)")
    add(
        "--model",
        metavar="NAMES",
        help="comma-separated models to ask for, where the server has several; W8 and W13 need two",
    )
    add(
        "--api-key",
        action="append",
        default=[],
        metavar="KEY",
        help="sent as a bearer token; given twice for W10: the first key floods, the second is modest",
    )
    add("--insecure", action="store_true", help="accept any TLS certificate")
    add(
        "--timeout",
        type=positive_number,
        default=600.0,
        metavar="S",
        help="seconds for one request (default: %(default)g)",
    )


def _add_load(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("the load").add_argument
    add("--workload", metavar="NAMES", help="comma-separated workloads (default: W1)")
    add(
        "--scenario",
        action="append",
        default=[],
        metavar="8x128+64",
        help="streams x prompt + predicted tokens",
    )
    add("--rounds", type=positive, default=3, metavar="N", help="runs on each server (default: %(default)s)")
    add(
        "--rate",
        type=positive_number,
        metavar="R",
        help="open loop: so many requests arrive a second (Poisson), whoever is still being answered",
    )
    add(
        "--duration",
        type=positive_number,
        metavar="S",
        help="for so many seconds (default: the workload's own, else 30)",
    )
    add("--sampled", action="store_true", help="the server's default sampling instead of temperature 0")
    add("--text-prompts", action="store_true", help="prompts as words, not as ids from /tokenize")
    add(
        "--seed",
        type=int,
        metavar="N",
        help="the numbers behind prompts and arrivals (default: others each time; they are written down)",
    )


def _add_judgement(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("what is made of it").add_argument
    add("--ttft-ms", type=positive_number, metavar="MS", help="goodput: the first token comes within")
    add(
        "--itl-ms",
        type=positive_number,
        metavar="MS",
        help="goodput: 95 %% of the gaps of an answer are within",
    )
    add("--json", type=Path, metavar="FILE", help="write everything measured")
    add("--html", type=Path, metavar="FILE", help="write a report with figures, one file by itself")
    add("--plot", type=Path, metavar="FILE", help="write a picture (needs the extra `bench`)")


def _add_tuning(parser: argparse.ArgumentParser) -> None:
    which = "of the arguments above, --rounds, --seed, --itl-ms and --json mean something beside it"
    add = parser.add_argument_group("--tune", which).add_argument
    add(
        "--tune-minutes",
        type=positive_number,
        default=10.0,
        metavar="M",
        help="how long it may take (default: %(default)g)",
    )
    add(
        "--tune-flags",
        type=flags,
        default=[],
        metavar="FLAGS",
        help='more flags of every server, such as "-ctk q8_0"',
    )


_OF_TUNING = frozenset({"tune", "tune_minutes", "tune_flags", "rounds", "seed", "itl_ms", "json"})


def check_tuning(arguments: argparse.Namespace) -> None:
    """Raise BenchError if an argument was given that means nothing beside --tune."""
    parser = build_parser()
    for name, value in vars(arguments).items():
        if name not in _OF_TUNING and value != parser.get_default(name):
            raise BenchError(f"--{name.replace('_', '-')} means nothing beside --tune.")


def flags(text: str) -> list[str]:
    """Return the words of a part of a command line."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} has an open quote") from error


def positive(text: str) -> int:
    """Return a count of one or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def positive_number(text: str) -> float:
    """Return a finite number above zero."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError("must be more than 0")
    return number
