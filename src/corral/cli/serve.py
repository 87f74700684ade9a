"""`corral serve`: stands where `llama-server` stood."""

from __future__ import annotations

import platform
import sys
from importlib import metadata

from corral import __version__
from corral.config.load import load
from corral.config.parse import Parsed, Wish
from corral.config.usage import usage
from corral.core.errors import SettingsError


def main(argv: list[str]) -> int:
    """Read the options and serve until told to stop. Wrong options: 1, with everything on standard error."""
    try:
        parsed = load(argv)
    except SettingsError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return _act(parsed)


def _act(parsed: Parsed) -> int:
    sys.stderr.writelines(f"{warning}\n" for warning in parsed.warnings)
    match parsed.wish:
        case Wish.HELP:
            sys.stdout.write(usage())
            return 0
        case Wish.VERSION:
            sys.stderr.write(_version())
            return 0
        case Wish.RUN:
            from corral.app import serve  # noqa: PLC0415 - it imports the whole server, which help does not need

            return serve(parsed.settings)


def _version() -> str:
    library = metadata.version("llama-cpp-python")
    target = f"{platform.system()}-{platform.machine()}".lower()
    return (
        f"version: {__version__} (llama-cpp-python {library})\n"
        f"built with Python {platform.python_version()} for {target}\n"
    )
