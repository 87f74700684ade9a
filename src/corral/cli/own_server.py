"""A server of the command's own: `corral serve` as a child, for as long as the command lasts."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from corral.cli.outcome import CommandError
from corral.cli.words import plain

# -P: a file that happens to lie in the working directory is not imported in place of ours.
SERVE = (sys.executable, "-P", "-m", "corral", "serve")
# Its requests need no time to end when the command does: nobody reads them any more.
_OPTIONS = ("--host", "127.0.0.1", "--port", "0", "--no-ui", "--shutdown-s", "0.2")
_END_S = 40.0  # an engine may take 30 of them to bring conversations to disk, if it was told to
_ADDRESS = re.compile(r"listens on (https?://\S+?)/?(?:,|$)")


class OwnServer:
    """The child while it is entered. Its model may still have to be loaded."""

    def __init__(self, flags: Sequence[str], argv: Sequence[str] = SERVE) -> None:
        self._argv = [*argv, *flags, *_OPTIONS]
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it is left
        self._child: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        try:
            # In a session of its own: Ctrl-C at the terminal is meant for the chat, not for it.
            self._child = subprocess.Popen(  # noqa: S603 - our own command
                self._argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._words,
                start_new_session=True,
            )
            self.url = self._address()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def failure(self) -> CommandError | None:
        """Return why it has ended, None while it lives. One that is ending is waited for."""
        assert self._child is not None
        try:
            status = self._child.wait(1.0)
        except subprocess.TimeoutExpired:
            return None
        self._words.seek(0)
        said = self._words.read().decode(errors="replace")
        errors = [line.removeprefix("error: ") for line in said.splitlines() if line.startswith("error: ")]
        reason = plain((errors or [said.strip() or f"its status is {status}"])[-1])
        return CommandError(f"The server did not start: {reason}")

    def _address(self) -> str:
        assert self._child is not None
        assert self._child.stdout is not None
        for line in self._child.stdout:
            found = _ADDRESS.search(line.decode(errors="replace").strip())
            if found:
                return found[1]
        raise self.failure() or CommandError("The server did not say where it listens.")

    def _end(self) -> None:
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(_END_S)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                self._child.kill()
                self._child.wait()
            assert self._child.stdout is not None
            self._child.stdout.close()
        self._words.close()
