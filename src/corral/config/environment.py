"""The environment variables that the table names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from corral.config.given import Given, ReadFile, give
from corral.config.options import OPTIONS, VARIABLES, Spelling, nearest
from corral.config.refused import refuse
from corral.core.errors import SettingsError

# Variables with these beginnings are meant for us, so one that no option reads deserves a word.
_OURS = ("LLAMA_ARG_", "CORRAL_")
# For the commands that talk to a server. A server's own key opens it, too.
_URL, _KEY, _ADMIN_KEY = "CORRAL_URL", "CORRAL_API_KEY", "CORRAL_ADMIN_KEY"


class ServerAccess(NamedTuple):
    """Where the server is that commands talk to, and what opens it; None: the environment does not say."""

    url: str | None
    key: str | None
    admin_key: str | None


def read_access(environ: Mapping[str, str]) -> ServerAccess:
    """Return what the variables say."""
    admin_key = environ.get(_ADMIN_KEY, "").partition(",")[0]
    return ServerAccess(environ.get(_URL) or None, environ.get(_KEY) or None, admin_key or None)


def read_environment(environ: Mapping[str, str], read_file: ReadFile) -> list[Given]:
    """Return what the variables give, in the order of the table.

    Raises:
        SettingsError: a value cannot be read, or a variable is one that only llama-server honours.
    """
    for variable in sorted(environ.keys() - VARIABLES):
        refuse(variable)
    return [
        _read(Spelling(option, is_on), variable, environ[variable], read_file)
        for option in OPTIONS
        for variable, is_on in reversed(option.variables.items())  # the strongest last
        if variable in environ
    ]


def unread(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that looks like an option and is none."""
    for name in sorted(environ):
        if name.startswith(_OURS) and name not in VARIABLES and name not in (_URL, _KEY):
            text = f"warn: {name} environment variable is set, but no option reads it"
            yield "; ".join(filter(None, [text, nearest(name, VARIABLES)]))


def _read(spelling: Spelling, variable: str, text: str, read_file: ReadFile) -> Given:
    try:
        return give(spelling.option, variable, spelling.word(text), read_file)
    except ValueError as error:
        raise SettingsError(f'error while handling environment variable "{variable}": {error}') from error
