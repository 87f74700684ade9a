"""A server under measurement: its name in tables, its address and what to send along."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

import msgspec

from corral.bench.errors import BenchError

_PORTS = {"http": 80, "https": 443}


class Target(msgspec.Struct, frozen=True):
    """One server. `prefix` is the path of its base URL without a trailing slash."""

    name: str
    host: str
    port: int
    prefix: str = ""
    is_tls: bool = False
    is_verified: bool = True
    api_key: str | None = None

    @property
    def url(self) -> str:
        """The base URL, as it stands in error messages and results."""
        scheme = "https" if self.is_tls else "http"
        return f"{scheme}://{_bracketed(self.host)}:{self.port}{self.prefix}"

    def tls_context(self) -> ssl.SSLContext | None:
        """Return how to check the server's certificate; None for plain HTTP."""
        if not self.is_tls:
            return None
        context = ssl.create_default_context()
        if not self.is_verified:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def request_bytes(self, path: str, body: bytes) -> bytes:
        """Return the whole HTTP/1.1 request that posts the JSON `body` to `path` below the base URL."""
        lines = [
            f"POST {self.prefix}{path} HTTP/1.1",
            f"Host: {_bracketed(self.host)}:{self.port}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            # One request a connection: a stream's end is then certain for every server.
            "Connection: close",
        ]
        if self.api_key is not None:
            lines.append(f"Authorization: Bearer {self.api_key}")
        return "\r\n".join([*lines, "", ""]).encode() + body


def parse_target(name: str, url: str, *, api_key: str | None = None, is_verified: bool = True) -> Target:
    """Return the target behind a base URL.

    Raises:
        BenchError: the URL has no host, another scheme than http or https, or a bad port.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise BenchError(f"{url!r} is not a base URL such as http://127.0.0.1:8080.")
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise BenchError(f"{url!r} has a port that is not a number from 0 to 65535.") from error
    return Target(
        name=name,
        host=parts.hostname,
        port=port,
        prefix=parts.path.rstrip("/"),
        is_tls=parts.scheme == "https",
        is_verified=is_verified,
        api_key=api_key,
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
