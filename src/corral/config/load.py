"""The one place that looks at this process's environment and files for options."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from corral.config.parse import Parsed, parse


def load(argv: Sequence[str]) -> Parsed:
    """Return what `argv` (without the command) and the environment ask for. Raises `SettingsError`."""
    return parse(argv, os.environ, _read_file)


def _read_file(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
