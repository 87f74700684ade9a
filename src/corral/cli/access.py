"""Which server a command means, and what opens it."""

from __future__ import annotations

import argparse
from urllib.parse import urlsplit

from corral.app.admin_key import read_key
from corral.cli.outcome import CommandError
from corral.cli.server import Server
from corral.config.load import load, load_access
from corral.core.settings import Settings

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")
_PORTS = {"http": 80, "https": 443}


def add_access(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which server is meant."""
    parser.add_argument(
        "--url", help="the server (default: CORRAL_URL, else the one of this machine, http://127.0.0.1:8080)"
    )
    parser.add_argument(
        "--key", help="a key of the server (default: CORRAL_API_KEY; none is needed for your own)"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option for programs that read the output."""
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")


def settings_here(*flags: str) -> Settings:
    """Return what `corral serve` would be told here by `flags`, the environment and its file.

    Raises SettingsError.
    """
    return load(flags).settings


class Access:
    """`is_chosen`: the user said which server; else it is whatever may run on this machine."""

    def __init__(self, *, url: str | None, key: str | None, settings: Settings) -> None:
        said = load_access()
        self._settings = settings
        self._key = _sendable(key or said.key)
        self._admin_key = _sendable(said.admin_key)
        self.is_chosen = (url or said.url) is not None
        self.url = _whole(url or said.url or _own_url(settings))

    def server(self) -> Server:
        """Return the server; whether it answers shows when it is asked."""
        return Server(self.url, key=self._key, admin_key=self._admin_key or self._written_key())

    @property
    def is_here(self) -> bool:
        """Whether the server runs on this machine, and its paths are paths of ours."""
        return urlsplit(self.url).hostname in _THIS_MACHINE

    def _written_key(self) -> str | None:
        """Return what a server of this user wrote for us; another machine must not get it."""
        if not self.is_here:
            return None
        parts = urlsplit(self.url)
        return read_key(self._settings.model.cache_dir or ".", parts.port or _PORTS[parts.scheme])


def access(arguments: argparse.Namespace, settings: Settings | None = None) -> Access:
    """Return the access that the arguments ask for. Raises CommandError or SettingsError."""
    return Access(url=arguments.url, key=arguments.key, settings=settings or settings_here())


def _sendable(key: str | None) -> str | None:
    if key is not None and not (key.isascii() and key.isprintable()):
        raise CommandError("The key has characters that cannot be sent; keys are of plain ASCII.")
    return key


def _own_url(settings: Settings) -> str:
    server = settings.server
    scheme = "https" if server.tls_key_file else "http"
    return f"{scheme}://127.0.0.1:{server.port or 8080}{server.prefix}"


def _whole(url: str) -> str:
    whole = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(whole)
        is_good = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise CommandError(f"{url!r} is no address of a server; one looks like http://127.0.0.1:8080.")
    return whole.rstrip("/")
