"""`corral pull SOURCE`: a model onto this machine, or onto that of a server."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from corral.app.loading_bars import LoadingBars
from corral.catalog.progress import Arrival, Progress, silent
from corral.catalog.pull import pull
from corral.cli.access import Access, add_access, add_json, settings_here
from corral.cli.outcome import CommandError, ended
from corral.cli.printing import print_json
from corral.cli.words import plain, size
from corral.core.model_view import ModelEvent, ModelView
from corral.core.settings import Settings

if TYPE_CHECKING:
    from rich.progress import TaskID


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    arguments = build_parser().parse_args(argv)
    return ended(lambda: _run(arguments))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(
        prog="corral pull",
        description=(
            "Download a model. Needs no server; with --url that server downloads it, onto its own machine. "
            "What was cut off goes on where it was."
        ),
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="owner/name[:QUANT] of a Hugging Face repository, docker:[owner/]name[:tag], or an address",
    )
    add_access(parser)
    add_json(parser)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    settings = settings_here()
    access = Access(url=arguments.url, key=arguments.key, settings=settings)
    if access.is_chosen:
        return _pull_there(access, arguments)
    return _pull_here(settings, arguments)


def _pull_here(settings: Settings, arguments: argparse.Namespace) -> int:
    with _bars() as progress:
        paths = pull(arguments.source, settings.model, progress)
    n_bytes = sum(path.stat().st_size for path in paths)
    if arguments.json:
        files = [str(path) for path in paths]
        print_json({"source": arguments.source, "files": files, "n_bytes": n_bytes})
        return 0
    here = shlex.quote(str(paths[0]))
    sys.stdout.write(f"{plain(arguments.source)} is here, {size(n_bytes)}: {paths[0]}\n")
    sys.stdout.write(f"Serve it with: corral serve -m {here}\n")
    sys.stdout.write(f"Talk to it with: corral run {here}\n")
    return 0


def _pull_there(access: Access, arguments: argparse.Namespace) -> int:
    view: ModelView | None = None
    with LoadingBars(sys.stderr) as bars:
        for news in access.server().pull(arguments.source):
            if isinstance(news, ModelEvent):
                bars.show(news)
            else:
                view = news
    if view is None:
        raise CommandError("The server ended before the model was there.")
    if arguments.json:
        print_json(msgspec.to_builtins(view))
    else:
        sys.stdout.write(f"{plain(view.name)} is at the server, {size(view.n_bytes)}.\n")
    return 0


@contextlib.contextmanager
def _bars() -> Iterator[Progress]:
    """Give what shows how far the files are: a bar for each on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich import progress as rich  # noqa: PLC0415 - for bars only
    from rich.console import Console  # noqa: PLC0415

    columns = (
        rich.TextColumn("{task.description}", markup=False),
        rich.BarColumn(),
        rich.DownloadColumn(binary_units=True),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(),
    )
    bars: dict[str, TaskID] = {}
    first = threading.Lock()  # files arrive on threads of their own
    with rich.Progress(*columns, console=Console(stderr=True, markup=False)) as shown:

        def show(arrival: Arrival) -> None:
            with first:
                if arrival.file not in bars:
                    bars[arrival.file] = shown.add_task(plain(arrival.file), total=None)
            shown.update(bars[arrival.file], total=arrival.n_total_bytes, completed=arrival.n_bytes)

        yield show
