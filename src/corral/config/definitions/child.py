"""The process that evaluates a file of definitions, and what it answers."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from corral.core.errors import SettingsError

LIMIT_S = 20.0
_GRACE_S = 5.0  # the child ends itself first, and says in which line it was
_MAX_WORDS = 300
_MAX_ERRORS = 64 * 1024  # bytes, the last ones


class Defined(msgspec.Struct, frozen=True):
    """One model: its class, the names it has in the file, its arguments, the line that made it."""

    kind: str
    names: list[str]
    line: int
    arguments: dict[str, Any]


class Answer(msgspec.Struct, frozen=True):
    """What a file defines, or what is wrong with it. `replacements` are further names of models."""

    models: list[Defined] = []
    replacements: dict[str, str] = {}
    error: str | None = None
    line: int | None = None


def evaluate(path: Path, limit_s: float = LIMIT_S) -> Answer:
    """Run the file in a process of its own, at most `limit_s` seconds; return what it defines.

    Raises:
        SettingsError: it cannot be read, raises, ends or hangs; the message names file, line and reason.
    """
    if not path.is_file():
        raise SettingsError(f"there is no file {path}")
    words = [sys.executable, "-P", "-m", "corral.config.definitions.evaluate", str(path), str(limit_s)]
    try:
        output, status, errors = _run(words, limit_s + _GRACE_S)
    except subprocess.TimeoutExpired as error:
        raise SettingsError(f"{path}: it did not end within {limit_s:g} s") from error
    except OSError as error:
        raise SettingsError(f"{path}: it could not be run: {error}") from error
    answer = _decoded(path, output, status, errors)
    if answer.error is not None:
        raise SettingsError(f"{_place(path, answer.line)}: {answer.error}")
    return answer


def _run(words: list[str], limit_s: float) -> tuple[bytes, int, str]:
    """Return output, status and errors. Errors go to a file: a process that stays behind may hold it open."""
    with tempfile.TemporaryFile() as errors:
        child = subprocess.run(  # noqa: S603 - our own module
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            check=False,
            timeout=limit_s,
        )
        errors.seek(max(0, errors.seek(0, 2) - _MAX_ERRORS))
        return child.stdout, child.returncode, errors.read().decode("utf-8", "replace")


def _decoded(path: Path, output: bytes, status: int, errors: str) -> Answer:
    try:
        return msgspec.json.decode(output, type=Answer)
    except msgspec.DecodeError:
        pass
    if errors.rfind("Timeout (") >= 0:  # the words of faulthandler
        raise SettingsError(f"{_place(path, _line_in(path, errors))}: it did not end in time")
    last = errors.strip().rpartition("\n")[2][:_MAX_WORDS]
    raise SettingsError(": ".join(filter(None, [str(path), _ending(status), last])))


def _ending(status: int) -> str:
    if status >= 0:
        return f"its process ended itself with status {status}"
    try:
        return f"its process was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"its process was ended by signal {-status}"


def _line_in(path: Path, dump: str) -> int | None:
    found = re.search(rf'File "{re.escape(str(path))}", line (\d+)', dump)
    return int(found[1]) if found else None


def _place(path: Path, line: int | None) -> str:
    return f"{path}, line {line}" if line else str(path)
