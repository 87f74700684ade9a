"""`corral stop [NAME]`: unload a model, or end the server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import msgspec

from corral.cli.access import access, add_access, add_json
from corral.cli.outcome import ended
from corral.cli.printing import print_json
from corral.cli.words import plain


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    arguments = build_parser().parse_args(argv)
    return ended(lambda: _run(arguments))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(
        prog="corral stop",
        description="Unload a model, so that its memory is free; without a name, end the server.",
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="the model")
    add_access(parser)
    add_json(parser)
    parser.add_argument(
        "--within",
        metavar="SECONDS",
        type=_seconds,
        help="what running requests may still take (default: 30)",
    )
    return parser


def _run(arguments: argparse.Namespace) -> int:
    server = access(arguments).server()
    if arguments.name is None:
        server.stop()
        if arguments.json:
            print_json({"url": server.url, "stopping": True})
        else:
            sys.stdout.write(f"The server at {server.url} is stopping.\n")
        return 0
    view = server.unload(arguments.name, arguments.within)
    if arguments.json:
        print_json(msgspec.to_builtins(view))
    else:
        sys.stdout.write(f"{plain(view.name)} is {view.state.value}.\n")
    return 0


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError("must be from 0 to 86400")
    return seconds
