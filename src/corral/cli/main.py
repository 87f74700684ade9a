"""`corral COMMAND ...`: finds the command and hands it the rest of the line.

Only the named command is imported, so that `corral --help` answers at once.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from corral import __version__


@dataclass(frozen=True)
class Command:
    """`module` has a `main(argv: list[str]) -> int` that gets the words after the command."""

    summary: str
    module: str


COMMANDS = {
    "serve": Command("serve a model over HTTP; takes llama-server's flags", "corral.cli.serve"),
    "run": Command("talk to a model in the terminal", "corral.cli.run"),
    "models": Command("show which models there are, and remove them", "corral.cli.models"),
    "characters": Command("list, show, import, export and begin characters", "corral.cli.characters"),
    "pull": Command("download a model", "corral.cli.pull"),
    "ps": Command("show the models that are in memory", "corral.cli.ps"),
    "stop": Command("unload a model, or end the server", "corral.cli.stop"),
    "bench": Command("measure a server: speed, latency, many clients", "corral.bench.command"),
    "docs": Command("print the reference pages that the code writes itself", "corral.cli.docs"),
}


def main(argv: list[str] | None = None) -> int:
    """Run the command and return the exit code. `argv` None: the words of this process."""
    words = sys.argv[1:] if argv is None else argv
    match words:
        case [] | ["-h" | "--help" | "help", *_]:
            sys.stdout.write(_overview())
            return 0
        case ["--version", *_]:
            sys.stdout.write(f"corral {__version__}\n")
            return 0
        case [name, *rest] if name in COMMANDS:
            return _run(COMMANDS[name], rest)
        case _:
            sys.stderr.write(_complaint(words[0]))
            return 1


def _run(command: Command, argv: list[str]) -> int:
    """Run it; Ctrl-C before it minds that itself ends it without a traceback."""
    try:
        run: Callable[[list[str]], int] = import_module(command.module).main
        return run(argv)
    except KeyboardInterrupt:
        from corral.cli.outcome import INTERRUPTED  # noqa: PLC0415 - it takes longer than an overview

        return INTERRUPTED


def _overview() -> str:
    commands = "".join(f"  {name:<10} {command.summary}\n" for name, command in COMMANDS.items())
    return (
        "Corral: one server for local language models.\n\n"
        f"usage: corral COMMAND ...\n\n{commands}\n"
        "`corral serve` alone starts with the small model that comes with Corral.\n"
        "`corral COMMAND --help` shows what a command takes; `corral --version` the version.\n"
    )


def _complaint(word: str) -> str:
    if word.startswith("-"):
        return f"error: a command comes first; for llama-server's flags: corral serve {word} ...\n"
    matches = difflib.get_close_matches(word, COMMANDS, n=1)
    hint = f"did you mean `corral {matches[0]}`?\n" if matches else "`corral --help` shows the commands.\n"
    return f"error: unknown command: {word}\n{hint}"
