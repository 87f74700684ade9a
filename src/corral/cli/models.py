"""`corral models`: which models there are, what is known of one, and away with one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from corral.catalog.entry_view import view_of
from corral.catalog.gguf_header import GgufHeader, read_header
from corral.catalog.removal import remove
from corral.cli.access import access, add_access, add_json, settings_here
from corral.cli.folder import entries_here, entry_here, removable_here
from corral.cli.outcome import CommandError, UnreachableError, ended
from corral.cli.printing import print_json
from corral.cli.server import RefusedError, Server
from corral.cli.tables import catalogue_table, facts, facts_table, show
from corral.cli.words import plain, size
from corral.core.errors import CorralError
from corral.core.model_view import ModelView
from corral.core.settings import Settings


def main(argv: Sequence[str]) -> int:
    """Run the command."""
    arguments = build_parser().parse_args(argv)
    return ended(lambda: _ACTIONS[arguments.action](arguments))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all actions."""
    parser = argparse.ArgumentParser(
        prog="corral models",
        description="Show the models of the server, or without one those of a folder.",
    )
    _add_options(parser)
    parser.set_defaults(action="list")
    actions = parser.add_subparsers(metavar="ACTION")
    for action, summary in _SUMMARIES.items():
        sub = actions.add_parser(action, help=summary, description=summary)
        _add_options(sub, is_inner=True)
        sub.set_defaults(action=action)
        if action != "list":
            sub.add_argument("name", metavar="NAME")
        if action == "rm":
            sub.add_argument("-y", "--yes", action="store_true", help="do not ask")
    return parser


_SUMMARIES = {
    "list": "list the models (the default)",
    "show": "show what is known of a model",
    "rm": "remove a model's files from this machine",
}


def _add_options(parser: argparse.ArgumentParser, *, is_inner: bool = False) -> None:
    add_access(parser)
    add_json(parser)
    parser.add_argument("--models-dir", metavar="DIR", help="look into this folder, and ask no server")
    if is_inner:  # options may stand before the action, too: what it does not say must not undo them
        for option in parser._actions:  # noqa: SLF001 - argparse has no other way to say it
            if option.dest != "help":
                option.default = argparse.SUPPRESS


class _Place:
    """Where the models are: a server, or without one a folder."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.models_dir: str | None = arguments.models_dir
        folder = ["--models-dir", self.models_dir] if self.models_dir is not None else []
        self.settings: Settings = settings_here(*folder)
        self._access = access(arguments, self.settings)

    def server(self) -> Server | None:
        """Return the server if one answers that can be asked. Raises if the user named one that does not."""
        if self.models_dir is not None:
            return None
        server = self._access.server()
        try:
            server.models()
        except (UnreachableError, RefusedError) as error:
            server.close()
            if self._access.is_chosen:
                raise
            if isinstance(error, RefusedError):
                sys.stderr.write(f"note: {error.message}\n")
            return None
        return server

    @property
    def is_here(self) -> bool:
        """Whether paths are of this machine."""
        return self.models_dir is not None or self._access.is_here


def _list(arguments: argparse.Namespace) -> int:
    place = _Place(arguments)
    server = place.server()
    if server is not None:
        views = server.models()
    else:
        views = [view_of(entry, entry.need()) for entry in entries_here(place.settings).values()]
    if arguments.json:
        print_json([msgspec.to_builtins(view) for view in views])
    elif views:
        _print_list(views)
    else:
        sys.stderr.write("There are no models. `corral pull owner/name:Q4_K_M` gets one.\n")
    return 0


def _print_list(views: list[ModelView]) -> None:
    show(catalogue_table(views))
    for view in views:
        if view.reason:
            sys.stdout.write(f"\n{plain(view.name)}: {plain(view.reason)}\n")


def _show(arguments: argparse.Namespace) -> int:
    place = _Place(arguments)
    server = place.server()
    view = server.model(arguments.name) if server else _view_here(arguments.name, place.settings)
    header = _header(view) if place.is_here else None
    if arguments.json:
        print_json({**msgspec.to_builtins(view), "header": msgspec.to_builtins(header)})
        return 0
    show(facts_table([*facts(view), *(_header_facts(header) if header else [])]))
    return 0


def _view_here(name: str, settings: Settings) -> ModelView:
    entry = entry_here(name, settings)
    return view_of(entry, entry.need())


def _header(view: ModelView) -> GgufHeader | None:
    """Return what the file says of itself, None if it is not to be read here."""
    if view.format != "gguf" or view.path is None:
        return None
    try:
        return read_header(Path(view.path))
    except (CorralError, OSError):
        return None  # the model's problem says why


def _header_facts(header: GgufHeader) -> list[tuple[str, str]]:
    return [
        ("calls itself", header.name),
        ("layers", str(header.n_layers or "")),
        ("width", str(header.n_embd or "")),
        (
            "vocabulary",
            f"{header.n_vocab} tokens, {header.tokenizer}" if header.n_vocab else header.tokenizer,
        ),
        ("pooling", header.pooling or ""),
        ("files", str(header.n_parts) if header.n_parts > 1 else ""),
        ("GGUF version", str(header.version)),
        ("template", header.chat_template or ""),
    ]


def _remove(arguments: argparse.Namespace) -> int:
    place = _Place(arguments)
    server = place.server()
    view = server.model(arguments.name) if server else _view_here(arguments.name, place.settings)
    if view.path is None:
        raise CommandError(f"{view.name} has no files on this machine.")
    if not arguments.yes and not _is_sure(view, is_json=arguments.json):
        raise CommandError(f"{view.name} was left alone.")
    if server is not None:
        deleted = server.delete(view.name)
    else:
        paths = removable_here(view.name, place.settings)
        deleted = [str(gone) for path in paths for gone in remove(path).paths]
    if arguments.json:
        print_json({"model": view.name, "deleted": deleted})
    else:
        sys.stdout.writelines(f"deleted {plain(path)}\n" for path in deleted)
    return 0


def _is_sure(view: ModelView, *, is_json: bool) -> bool:
    if is_json or not sys.stdin.isatty():
        raise CommandError("Nobody can be asked here; --yes removes the model without a question.")
    sys.stderr.write(f"{plain(view.name)} takes {size(view.n_bytes)} in {plain(view.path or '')}\n")
    sys.stderr.write("Remove it from this machine? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


_ACTIONS = {"list": _list, "show": _show, "rm": _remove}
