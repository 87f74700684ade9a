"""Log lines are events with fields: `log.info("model.ready", model=name, load_s=3.2)`.

Prompt text is no field, unless `--verbose-prompt` asks for it. Built on the standard `logging`; `configure`
is called once per process.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import TextIO

from corral.core.errors import SettingsError
from corral.core.settings import LogSettings

_START_S = time.monotonic()
_COLORS = {logging.DEBUG: "\x1b[2m", logging.WARNING: "\x1b[33m", logging.ERROR: "\x1b[31m"}
_LETTERS = {logging.DEBUG: "D", logging.INFO: "I", logging.WARNING: "W", logging.ERROR: "E"}


class EventLog:
    """A named logger whose every line is an event name and fields."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        """Record what only a developer wants."""
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """Record what happened."""
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Record what someone should look at."""
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, *, exc_info: bool = False, **fields: object) -> None:
        """Record what went wrong; `exc_info` adds the current exception."""
        self._write(logging.ERROR, event, fields, exc_info=exc_info)

    def _write(self, level: int, event: str, fields: dict[str, object], *, exc_info: bool = False) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={"fields": fields}, exc_info=exc_info)


def get(name: str) -> EventLog:
    """Return the event log called `corral.<name>`."""
    return EventLog(f"corral.{name}")


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send this process's events where `settings` say: `stream` (default standard error) and a file.

    Raises SettingsError when the file cannot be written.
    """
    root = logging.getLogger("corral")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.propagate = False
    root.setLevel(logging.DEBUG if settings.verbosity > 0 else logging.INFO)
    if not settings.is_enabled or settings.verbosity < 0:
        root.addHandler(logging.NullHandler())
        root.setLevel(logging.CRITICAL + 1)
        return
    console = stream or sys.stderr
    _add(root, logging.StreamHandler(console), settings, is_colored=_is_colored(settings.colors, console))
    if settings.file is not None:
        _add(
            root, _file_handler(settings.file, is_shared=settings.is_file_shared), settings, is_colored=False
        )


def _add(root: logging.Logger, handler: logging.Handler, settings: LogSettings, *, is_colored: bool) -> None:
    handler.setFormatter(_JsonLine() if settings.is_json else _TextLine(settings, is_colored=is_colored))
    root.addHandler(handler)


def _file_handler(path: str, *, is_shared: bool) -> logging.Handler:
    """Return a handler that appends, so that lines of several processes stand side by side."""
    try:
        if not is_shared:
            Path(path).write_bytes(b"")
        return logging.FileHandler(path, mode="a", encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: a path that no file can have
        raise SettingsError(f"--log-file: {error}") from error


def _is_colored(choice: str, stream: TextIO) -> bool:
    return choice == "on" or (choice == "auto" and stream.isatty())


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields: dict[str, object] = getattr(record, "fields", {})
    return fields


class _TextLine(logging.Formatter):
    """`event name=value ...`, with the level letter and elapsed time in front when asked for."""

    def __init__(self, settings: LogSettings, *, is_colored: bool) -> None:
        super().__init__()
        self._settings = settings
        self._is_colored = is_colored

    def format(self, record: logging.LogRecord) -> str:
        line = " ".join([record.getMessage(), *(f"{k}={_plain(v)}" for k, v in _fields(record).items())])
        if self._settings.has_prefix:
            line = f"{self._prefix(record)} {line}"
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        color = _COLORS.get(record.levelno, "") if self._is_colored else ""
        return f"{color}{line}\x1b[0m" if color else line

    def _prefix(self, record: logging.LogRecord) -> str:
        letter = _LETTERS.get(record.levelno, "I")
        return (
            f"{_elapsed(time.monotonic() - _START_S)} {letter}" if self._settings.has_timestamps else letter
        )


class _JsonLine(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"event": record.getMessage(), "level": record.levelname.lower(), "logger": record.name}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps({"time_s": round(record.created, 6), **line, **_fields(record)}, default=str)


def _elapsed(seconds: float) -> str:
    """Return llama.cpp's `m.ss.mmm.uuu`."""
    millis, micros = divmod(int(seconds * 1_000_000), 1000)
    return f"{millis // 60_000}.{millis // 1000 % 60:02d}.{millis % 1000:03d}.{micros:03d}"


def _plain(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    return repr(text) if " " in text or not text.isprintable() or not text else text
