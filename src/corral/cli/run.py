"""`corral run MODEL [PROMPT]`: a chat with a model, or one answer."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from corral.cli.access import access, add_access, add_json, settings_here
from corral.cli.answer import Message, Wish, answer, whole_answer
from corral.cli.chat import Chat, talk
from corral.cli.outcome import CommandError, ended
from corral.cli.own_server import SERVE
from corral.cli.printing import print_json
from corral.cli.target import Target, loaded, target
from corral.cli.words import plain
from corral.core.settings import Settings

_N_LINES = 1000  # of the history that are kept


def main(argv: Sequence[str], serve: Sequence[str] = SERVE) -> int:
    """Run the command. `serve` is what starts a server."""
    arguments = build_parser().parse_args(argv)
    return ended(lambda: _run(arguments, serve))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = argparse.ArgumentParser(
        prog="corral run",
        description=(
            "Talk to a model. With a prompt, or text on standard input: one answer. The server that runs is "
            "asked; without one, a server of the command's own is started and ended with it."
        ),
    )
    parser.add_argument(
        "model", metavar="MODEL", help="a model of the server; without one also a file or a repository"
    )
    parser.add_argument("prompt", metavar="PROMPT", nargs="*", help="what to ask")
    add_access(parser)
    add_json(parser)
    parser.add_argument("--own", action="store_true", help="start a server even if one runs")
    parser.add_argument("--system", metavar="TEXT", help="tell the model how to be")
    parser.add_argument("--temperature", type=float, metavar="T", help="0: always the likeliest word")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="how long an answer may be")
    return parser


def _run(arguments: argparse.Namespace, serve: Sequence[str]) -> int:
    settings = settings_here()
    prompt = _prompt(arguments)
    if arguments.json and prompt is None:
        raise CommandError("--json prints one answer; say what to ask.")
    reached = access(arguments, settings)
    with (
        _ended_by_signals(),
        target(arguments.model, reached, settings, is_own=arguments.own, argv=serve) as found,
    ):
        if prompt is None:
            _hold(found, arguments, settings)
        else:
            _answer_once(found, arguments, prompt)
    return 0


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Leave in order when told to end, so that a server of our own ends too."""
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, _leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _prompt(arguments: argparse.Namespace) -> str | None:
    """Return what to ask, None for a chat. Standard input is read only where nothing else is said."""
    if arguments.prompt:
        return " ".join(arguments.prompt)
    if sys.stdin.isatty():
        return None
    text = sys.stdin.read()
    if not text.strip():
        raise CommandError("There is nothing to ask on standard input.")
    return text


def _wish(arguments: argparse.Namespace) -> Wish:
    return Wish(system=arguments.system, temperature=arguments.temperature, max_tokens=arguments.max_tokens)


def _answer_once(found: Target, arguments: argparse.Namespace, prompt: str) -> None:
    messages = [Message("user", prompt)]
    if arguments.json:
        print_json(whole_answer(found.server, found.model, messages, _wish(arguments)))
        return
    with contextlib.closing(answer(found.server, found.model, messages, _wish(arguments))) as pieces:
        for piece in pieces:
            if not piece.is_thought:
                sys.stdout.write(plain(piece.text) if sys.stdout.isatty() else piece.text)
                sys.stdout.flush()
    sys.stdout.write("\n")


def _hold(found: Target, arguments: argparse.Namespace, settings: Settings) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    chat = Chat(
        found.server,
        found.model,
        console,
        wish=_wish(arguments),
        change_model=lambda name: loaded(found.server, name),
    )
    console.print(f"{plain(found.model)} listens. /help shows what else there is, Ctrl-D ends.")
    with _history(Path(settings.model.cache_dir or ".") / "run_history"):
        talk(chat, lambda: input("> "), console)


@contextlib.contextmanager
def _history(path: Path) -> Iterator[None]:
    """Have the lines that were typed, now and earlier, under the arrow keys."""
    try:
        import readline  # noqa: PLC0415 - Windows has none, and lines are read without it there
    except ImportError:
        yield
        return
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(_N_LINES)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(0o600)  # before there is anything to read in it
            readline.write_history_file(path)
            path.chmod(0o600)
