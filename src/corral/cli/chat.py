"""A chat in the terminal: what was said, and what the lines that begin with a slash do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator

import msgspec
from rich.console import Console
from rich.text import Text

from corral.cli.answer import Message, Piece, Wish, answer
from corral.cli.outcome import CommandError
from corral.cli.server import Server
from corral.cli.words import plain

HELP = """\
/clear          forget what was said
/system TEXT    tell the model how to be; without TEXT: forget that
/model NAME     go on with another model; without NAME: which there are
/help           this
/exit           leave, as Ctrl-D does
Ctrl-C          stop the answer
"""


class Chat:
    """One conversation with a model of `server`, shown on `console`.

    `change_model` is told the name that the user wants, and returns the model's own once it is loaded.
    """

    def __init__(
        self,
        server: Server,
        model: str,
        console: Console,
        *,
        wish: Wish | None = None,
        change_model: Callable[[str], str] | None = None,
    ) -> None:
        self.model = model
        self._server = server
        self._console = console
        self._wish = wish or Wish()
        self._change_model = change_model
        self._said: list[Message] = []

    def ask(self, text: str) -> str:
        """Show the model's answer and return it. Raises CommandError; then nothing was said.

        Ctrl-C ends the answer; what came before it counts as said.
        """
        asked = Message("user", text)
        pieces: list[str] = []
        with (
            contextlib.suppress(KeyboardInterrupt),
            contextlib.closing(self._answer([*self._said, asked])) as shown,
        ):
            for piece in shown:
                if not piece.is_thought:
                    pieces.append(piece.text)  # noqa: PERF401 - what came before Ctrl-C is kept
        said = "".join(pieces)
        if said:
            self._said += [asked, Message("assistant", said)]
        return said

    def obey(self, line: str) -> bool:
        """Do what a line with a slash says; return whether the chat goes on. Raises CommandError."""
        word, _, rest = line.strip().partition(" ")
        match word:
            case "/exit" | "/quit" | "/bye":
                return False
            case "/clear":
                self._said.clear()
                self._tell("Forgotten.")
            case "/system":
                self._wish = msgspec.structs.replace(self._wish, system=rest.strip() or None)
                self._tell("So be it." if rest.strip() else "There is no system message any more.")
            case "/model":
                self._choose(rest.strip())
            case "/help" | "/?":
                self._tell(HELP.rstrip())
            case _:
                self._tell(f"There is no {plain(word)}; /help shows what there is.")
        return True

    def _answer(self, messages: list[Message]) -> Generator[Piece, None, None]:
        """Yield the pieces as they are shown; ends the line, however it ends."""
        was_thought = False
        with contextlib.closing(answer(self._server, self.model, messages, self._wish)) as pieces:
            try:
                for piece in pieces:
                    if was_thought and not piece.is_thought:
                        self._console.print("\n")
                    was_thought = piece.is_thought
                    self._show(piece)
                    yield piece
            finally:
                self._console.print()

    def _show(self, piece: Piece) -> None:
        text = Text(plain(piece.text), style="dim" if piece.is_thought else "")
        self._console.print(text, end="", soft_wrap=True)

    def _choose(self, name: str) -> None:
        if not name:
            names = ", ".join(plain(names[0]) for names in self._server.names())
            self._tell(f"This is {plain(self.model)}; there are: {names}")
        elif self._change_model is not None:
            self.model = self._change_model(name)
            self._tell(f"This is {plain(self.model)}.")

    def _tell(self, text: str) -> None:
        self._console.print(Text(text, style="italic"), soft_wrap=True)


def talk(chat: Chat, read: Callable[[], str], console: Console) -> None:
    """Hold the conversation, a line from `read` at a time, until it ends (EOFError, /exit)."""
    while True:
        try:
            line = read()
        except EOFError:
            console.print()
            return
        except KeyboardInterrupt:
            console.print(Text("\nCtrl-D or /exit ends the chat.", style="italic"))
            continue
        try:
            if line.lstrip().startswith("/"):
                if not chat.obey(line):
                    return
            elif line.strip():
                chat.ask(line)
        except CommandError as error:
            console.print(Text(f"error: {error.message}", style="red"), soft_wrap=True)
        except KeyboardInterrupt:  # while a model was loaded
            console.print()
