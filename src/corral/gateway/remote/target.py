"""Where the requests of a model go that another server runs. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from corral.core.model_definition import ModelDefinition

# A part of a path that says which API: v1, v2, v1beta.
_VERSION = re.compile(r"v\d+[a-z]*\d*")


@dataclass(frozen=True)
class Target:
    """A model of another server. `name` is what it is called here, `model` there; None: as requests say.

    `timeout_s` bounds the wait for each part of an answer.
    """

    name: str
    base_url: str
    model: str | None
    timeout_s: float
    api_key: str | None = field(default=None, repr=False)

    def address(self, path: str, query: bytes = b"") -> str:
        """Return the URL of `path`, such as /chat/completions, under the base URL; `query` is sent as it is.

        A base that names no version of the API, like http://host:8080, is that of a whole server: its API
        stands under /v1.
        """
        parts = urlsplit(self.base_url).path.split("/")
        version = "" if any(map(_VERSION.fullmatch, parts)) else "/v1"
        asked = f"?{query.decode('latin-1')}" if query else ""
        return f"{self.base_url}{version}{path}{asked}"

    def credentials(self) -> list[tuple[bytes, bytes]]:
        """Return the header with the key for that server, if it needs one."""
        return [] if self.api_key is None else [(b"authorization", b"Bearer " + self._key)]

    def without_key(self, content: bytes) -> bytes:
        """Return an answer without the key, which servers like to repeat when they refuse it."""
        return content.replace(self._key, b"[key]") if self._key else content

    @property
    def _key(self) -> bytes:
        return (self.api_key or "").encode("utf-8", "surrogateescape")


def target_of(definition: ModelDefinition) -> Target | None:
    """Return where the model's requests go, None if it runs here.

    One that has no name, only an address, is whichever model a request names there.
    """
    remote, name = definition.settings.remote, definition.name
    if remote.base_url is None:
        return None
    model = remote.model or (name if name != remote.base_url else None)
    return Target(name, remote.base_url, model, remote.timeout_s, remote.api_key)
