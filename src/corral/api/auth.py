"""API keys: who may call what, and who the caller is."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from corral.core.caller import caller_of_key, digest_of
from corral.core.errors import AuthenticationError
from corral.core.settings import ServerSettings

if TYPE_CHECKING:  # the rows' handlers ask this module who calls
    from corral.api.endpoint import Endpoint

_NEEDS_ADMIN = (
    "This needs an admin key, sent as `Authorization: Bearer KEY`: one that the server was given with "
    "--admin-key, or the one that it wrote when it started"
)


class Keys:
    """The accepted keys, kept as digests so that comparing takes the same time whatever is sent."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._digests = [digest_of(key) for key in keys]

    def __bool__(self) -> bool:
        return bool(self._digests)

    def caller(self, key: str) -> str | None:
        """Return the name of the caller that `key` belongs to, None if it is not accepted."""
        given = digest_of(key)
        # Every key is compared, so that timing does not tell which one came near.
        matches = [hmac.compare_digest(given, digest) for digest in self._digests]
        return caller_of_key(key) if any(matches) else None

    def caller_of_any(self, keys: list[str]) -> str | None:
        """Return the caller of the first accepted one of `keys`, None if none is."""
        return next((caller for key in keys if (caller := self.caller(key)) is not None), None)


def ordinary_keys(server: ServerSettings) -> Keys:
    """Return what opens the ordinary routes: any key of the server, or no check where it has no API keys."""
    return Keys((*server.api_keys, *server.admin_keys) if server.api_keys else ())


class AdminOnly:
    """ASGI application: serve those who send one of the admin `keys`, who are nobody where there are none.

    It stands around what a path leads to, not around the path: however that is spelled, the lock holds.
    """

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or raise AuthenticationError."""
        if self._keys.caller_of_any(keys_in(Headers(scope=scope))) is None:
            raise AuthenticationError(_NEEDS_ADMIN)
        await self._app(scope, receive, send)


class PublicPaths:
    """What is served without a key: rows that say so, the page, and paths under `prefixes`."""

    def __init__(self, endpoints: list[Endpoint], prefixes: tuple[str, ...]) -> None:
        rows = {(row.method, path) for row in endpoints if row.is_public for path in row.paths}
        self._exact = {("GET", "/"), ("GET", "/index.html"), *(row for row in rows if "{" not in row[1])}
        # /models/sse is no model, though it stands under /models/.
        self._closed = {(row.method, path) for row in endpoints if not row.is_public for path in row.paths}
        self._prefixes = (*(path.partition("{")[0] for _, path in rows if "{" in path), *prefixes)

    def __contains__(self, wanted: tuple[str, str]) -> bool:
        """Tell whether (method, path) is public."""
        method, path = wanted
        plain = "GET" if method == "HEAD" else method
        if (plain, path) in self._closed:
            return False
        return (plain, path) in self._exact or (plain == "GET" and path.startswith(self._prefixes))


class KeyCheck:
    """ASGI middleware: refuse a request without an accepted key, unless its path is public.

    Leaves the caller's name in the scope's state. No keys configured: everybody is the caller "".
    """

    def __init__(self, app: ASGIApp, keys: Keys, public: PublicPaths) -> None:
        self._app = app
        self._keys = keys
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request if it may be. Raises AuthenticationError."""
        if self._keys and scope["type"] == "http":
            caller = self._keys.caller_of_any(keys_in(Headers(scope=scope)))
            if caller is None and (scope["method"], scope["path"]) not in self._public:
                raise AuthenticationError("Invalid API Key")
            scope.setdefault("state", {})["caller"] = caller or ""
        await self._app(scope, receive, send)


def keys_in(headers: Headers) -> list[str]:
    """Return what may be a key: `Authorization: Bearer KEY`, `Authorization: KEY`, `X-Api-Key: KEY`."""
    given = [headers.get("authorization", ""), headers.get("x-api-key", "")]
    return [(text[7:] if text[:7].lower() == "bearer " else text).strip() for text in given if text]


def caller_of(request: Request) -> str:
    """Return the caller's name, "" when no keys are configured."""
    name: str = getattr(request.state, "caller", "")
    return name


def is_admin(request: Request, server: ServerSettings) -> bool:
    """Tell whether `request` was sent with an admin key."""
    return Keys(server.admin_keys).caller_of_any(keys_in(request.headers)) is not None


def may_change_for_all(request: Request, server: ServerSettings) -> bool:
    """Tell whether `request` may change what requests of all keys meet.

    Where keys have terms of their own an admin key may; else everybody whom the server serves.
    """
    return not server.terms or is_admin(request, server)


def check_change_for_all(request: Request, server: ServerSettings) -> None:
    """Raise AuthenticationError unless `request` may change what requests of all keys meet."""
    if not may_change_for_all(request, server):
        raise AuthenticationError(_NEEDS_ADMIN)
