"""The one place that looks at this process's environment and files for options."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from corral.config.environment import ServerAccess, read_access
from corral.config.parse import Parsed, parse

_DEFINITIONS = "model_definitions.py"
# Files of the working directory may be anybody's: to run one the user has to name it.
_NOT_RUN = (
    f"warn: there is a {_DEFINITIONS} here, which is not run unless it is named: --definitions {_DEFINITIONS}"
)


def load(argv: Sequence[str]) -> Parsed:
    """Return what `argv` (without the command) and the environment ask for. Raises `SettingsError`."""
    parsed = parse(argv, os.environ, _read_file)
    if parsed.settings.catalog.definitions_file is None and Path(_DEFINITIONS).is_file():
        return replace(parsed, warnings=(*parsed.warnings, _NOT_RUN))
    return parsed


def load_access() -> ServerAccess:
    """Return how the environment says that commands reach a server."""
    return read_access(os.environ)


def _read_file(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")
