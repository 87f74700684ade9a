"""`corral serve`: stands where `llama-server` stood."""

from __future__ import annotations

import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from corral import __version__
from corral.config.completion import script
from corral.config.load import load
from corral.config.parse import Parsed, Wish
from corral.config.usage import usage
from corral.core.errors import SettingsError
from corral.core.settings import ModelSettings


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
        case Wish.DEVICES:
            return _list_devices()
        case Wish.COMPLETION:
            sys.stdout.write(script())
            return 0
        case Wish.CACHE_LIST:
            return _list_models(parsed.settings.model)
        case Wish.RUN:
            return _serve(parsed)


def _serve(parsed: Parsed) -> int:
    """Serve, after the packages are installed if that was asked for."""
    if parsed.install.is_wanted:
        from corral.cli import install  # noqa: PLC0415 - few starts need it

        if not install.prepare(parsed):
            return 1
    from corral.app.serving import serve  # noqa: PLC0415 - it imports the whole server, which help does not need

    return serve(parsed.settings)


def _list_models(settings: ModelSettings) -> int:
    from corral.catalog.cached import cached_models  # noqa: PLC0415 - its library takes half a second to import

    names = cached_models(Path(settings.cache_dir or "."))
    sys.stdout.write(f"number of models in cache: {len(names)}\n")
    sys.stdout.writelines(f"{number:4}. {name}\n" for number, name in enumerate(names, start=1))
    return 0


def _list_devices() -> int:
    """Ask a child: looking for devices loads drivers, which may fail in ways that end a process."""
    return subprocess.run([sys.executable, "-m", "corral.engine.llama.devices"], check=False).returncode


def _version() -> str:
    library = metadata.version("llama-cpp-python")
    target = f"{platform.system()}-{platform.machine()}".lower()
    return (
        f"version: {__version__} (llama-cpp-python {library})\n"
        f"built with Python {platform.python_version()} for {target}\n"
    )
