"""How a command ends: with an exit status, and when it fails with one sentence on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from corral.core.errors import CorralError

DONE = 0
FAILED = 1
UNREACHABLE = 3  # argparse ends with 2
INTERRUPTED = 130  # as shells have it: 128 and the signal's number
_BROKEN_PIPE = 141


class CommandError(Exception):
    """The command cannot do what it was asked; the message is a sentence for the user."""

    status = FAILED

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnreachableError(CommandError):
    """No server answers."""

    status = UNREACHABLE


def ended(work: Callable[[], int]) -> int:
    """Do the work and return the exit status, its own or that of what went wrong."""
    try:
        status = work()
        sys.stdout.flush()
    except (CommandError, CorralError) as error:
        sys.stderr.write(f"error: {error.message}\n")
        return error.status if isinstance(error, CommandError) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # who read our output has gone; the interpreter would complain at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return status
