"""Images on other servers. A request that names one makes this server talk to it, so every step is bounded.

The name is resolved once, all its addresses are checked, and the connection goes to a checked address: a name
that resolves to something else a moment later leads nowhere. Redirects are followed by the same rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from corral.api.media.addresses import is_public, resolve
from corral.core.errors import InvalidRequestError

MAX_REDIRECTS = 5
TIMEOUT_S = 10.0

_PORTS = {"http": 80, "https": 443}


class RemoteImages:
    """Fetches images. `resolve` and `is_public` are the network's; `timeout_s` bounds a whole fetch."""

    def __init__(
        self,
        max_bytes: int,
        *,
        resolve: Callable[[str, int], Awaitable[list[str]]] = resolve,
        is_public: Callable[[str], bool] = is_public,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._max_bytes = max_bytes
        self._resolve = resolve
        self._is_public = is_public
        self._timeout_s = timeout_s

    async def fetch(self, url: str, name: str) -> bytes:
        """Return what is at `url`. Raises InvalidRequestError with the field's name."""
        try:
            # No proxies of the environment: they would connect to wherever they like.
            async with asyncio.timeout(self._timeout_s), httpx.AsyncClient(trust_env=False) as client:
                return await self._follow(client, httpx.URL(url), name)
        except TimeoutError:
            raise _failed(name, f"it took longer than {self._timeout_s:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise _failed(name, str(error) or type(error).__name__) from None

    async def _follow(self, client: httpx.AsyncClient, url: httpx.URL, name: str) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            response = await client.send(await self._request(client, url, name), stream=True)
            try:
                if not response.has_redirect_location:
                    return await self._content(response, name)
                url = url.join(response.headers["location"])
            finally:
                await response.aclose()
        raise _failed(name, f"more than {MAX_REDIRECTS} redirects")

    async def _request(self, client: httpx.AsyncClient, url: httpx.URL, name: str) -> httpx.Request:
        """Return a request that goes to a checked address of the host, and to no other."""
        if url.scheme not in _PORTS or not url.host or url.userinfo:
            raise _failed(name, "only http:// and https:// addresses without a password are followed")
        addresses = await self._resolve(url.host, url.port or _PORTS[url.scheme])
        if not addresses or not all(map(self._is_public, addresses)):
            raise _failed(name, f"{url.host} is no public address")
        return client.build_request(
            "GET",
            url.copy_with(host=addresses[0]),
            headers={"Host": url.netloc.decode("ascii"), "Accept": "image/*", "Accept-Encoding": "identity"},
            extensions={**_timeouts(self._timeout_s), "sni_hostname": url.host},
        )

    async def _content(self, response: httpx.Response, name: str) -> bytes:
        if not response.is_success:
            raise _failed(name, f"the server answered {response.status_code}")
        content = bytearray()
        async for part in response.aiter_raw():
            content += part
            if len(content) > self._max_bytes:
                raise _failed(name, f"it is larger than {self._max_bytes} bytes")
        return bytes(content)


def _timeouts(seconds: float) -> dict[str, object]:
    return {"timeout": httpx.Timeout(seconds).as_dict()}


def _failed(name: str, reason: str) -> InvalidRequestError:
    return InvalidRequestError(f"Field '{name}': the image cannot be fetched: {reason}")
