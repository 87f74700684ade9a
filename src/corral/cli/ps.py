"""`corral ps`: which models are in memory, what they take, and when they leave."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Sequence

import msgspec

from corral.cli.access import access, add_access, add_json
from corral.cli.outcome import CommandError, ended
from corral.cli.printing import print_json
from corral.cli.server import Server
from corral.cli.tables import LOADED, console, loaded_table, show
from corral.core.model_view import ModelState, ModelView

EVERY_S = 1.0
# What is shown: what has memory, or is on its way to it.
_SHOWN = LOADED | {ModelState.DOWNLOADING}


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    arguments = build_parser().parse_args(argv)
    return ended(lambda: _run(arguments))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(
        prog="corral ps", description="Show the models that are in memory, or on their way."
    )
    add_access(parser)
    add_json(parser)
    parser.add_argument("-w", "--watch", action="store_true", help="go on showing, until Ctrl-C")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    if arguments.watch and arguments.json:
        raise CommandError("--json prints one document; leave out --watch.")
    server = access(arguments).server()
    if arguments.watch:
        _watch(server)
        return 0
    views = _loaded(server)
    if arguments.json:
        print_json([msgspec.to_builtins(view) for view in views])
    elif views:
        show(loaded_table(views))
    else:
        sys.stderr.write("No model is in memory; a request loads the one that it names.\n")
    return 0


def _watch(server: Server) -> None:
    from rich.live import Live  # noqa: PLC0415 - for watching only

    with (
        contextlib.suppress(KeyboardInterrupt),
        Live(loaded_table(_loaded(server)), console=console(), auto_refresh=False) as live,
    ):
        while True:
            time.sleep(EVERY_S)
            live.update(loaded_table(_loaded(server)), refresh=True)


def _loaded(server: Server) -> list[ModelView]:
    return [view for view in server.models() if view.state in _SHOWN]
