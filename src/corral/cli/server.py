"""The server that a command talks to, over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from corral.cli.outcome import CommandError, UnreachableError
from corral.core.model_view import ModelEvent, ModelView
from corral.gateway.placement import Decision

CONNECT_S = 5.0
ANSWER_S = 30.0  # for what is answered at once
_UNBOUNDED = httpx.Timeout(None, connect=CONNECT_S)
_QUICK = httpx.Timeout(ANSWER_S, connect=CONNECT_S)

_T = TypeVar("_T")


class RefusedError(CommandError):
    """The server answered that it will not; `http_status` is how."""

    def __init__(self, message: str, http_status: int) -> None:
        super().__init__(message)
        self.http_status = http_status


class _Models(msgspec.Struct):
    models: list[ModelView]


class _Deleted(msgspec.Struct):
    deleted: list[str]


class _Pulled(msgspec.Struct):
    """One event of a pull."""

    download: ModelEvent | None = None
    model: ModelView | None = None


class _Served(msgspec.Struct):
    id: str
    aliases: list[str] = []


class _Listed(msgspec.Struct):
    data: list[_Served]


class Server:
    """One server. `key` is what the user gave, `admin_key` what this machine knows; either may do.

    Every call raises UnreachableError, RefusedError with the server's own sentence, or CommandError.
    `transport` stands in for the network.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        admin_key: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        headers = {"authorization": f"Bearer {key}"} if key else {}
        if admin_key:
            headers["x-api-key"] = admin_key
        # Proxies of the environment are for the world, not for a server of one's own.
        self._http = httpx.Client(headers=headers, transport=transport, trust_env=False)

    def names(self) -> list[tuple[str, ...]]:
        """Return the names of each model, the one in the API first. Needs no admin key."""
        served = self._decoded(self._asked("GET", "/v1/models"), _Listed)
        return [(one.id, *one.aliases) for one in served.data]

    def models(self) -> list[ModelView]:
        """Return what is known of every model."""
        return self._decoded(self._asked("GET", "/admin/models"), _Models).models

    def model(self, name: str) -> ModelView:
        """Return what is known of one."""
        return self._decoded(self._asked("GET", _path(name)), ModelView)

    def placement(self, name: str) -> Decision:
        """Return what loading the model would do."""
        return self._decoded(self._asked("GET", _path(name, "/placement")), Decision)

    def load(self, name: str) -> ModelView:
        """Load the model; return when it is ready."""
        return self._decoded(self._asked("POST", _path(name, "/load"), timeout=_UNBOUNDED), ModelView)

    def unload(self, name: str, within_s: float | None) -> ModelView:
        """Unload the model; return when it is gone."""
        body = {} if within_s is None else {"within_s": within_s}
        reply = self._asked("POST", _path(name, "/unload"), body, timeout=_UNBOUNDED)
        return self._decoded(reply, ModelView)

    def delete(self, name: str) -> list[str]:
        """Remove the model's files; return their paths."""
        reply = self._asked("DELETE", _path(name), timeout=_UNBOUNDED)
        return self._decoded(reply, _Deleted).deleted

    def stop(self) -> None:
        """Ask the server to end."""
        self._asked("POST", "/admin/stop")

    def pull(self, source: str) -> Iterator[ModelEvent | ModelView]:
        """Download a model; yield how far it is, and at last the model."""
        body = {"source": source, "stream": True}
        with self.events_of("POST", "/admin/pull", body) as events:
            for event in events:
                pulled = self._decoded(event, _Pulled)
                if pulled.download is not None:
                    yield pulled.download
                if pulled.model is not None:
                    yield pulled.model

    def posted(self, path: str, body: dict[str, Any]) -> bytes:
        """Return the JSON that a route answers with, however long it takes."""
        return self._asked("POST", path, body, timeout=_UNBOUNDED)

    @contextlib.contextmanager
    def news(self) -> Iterator[Iterator[ModelEvent]]:
        """Give the present state of all models and then each change, until the server ends."""
        with self.events_of("GET", "/admin/events") as events:
            yield (self._decoded(event, ModelEvent) for event in events)

    @contextlib.contextmanager
    def events_of(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Iterator[Iterator[bytes]]:
        """Give the JSON of each event of a stream. An error in its midst raises; leaving ends the request."""
        with (
            self._translated(),
            self._http.stream(method, self.url + path, timeout=_UNBOUNDED, **_json(body)) as reply,
        ):
            if not reply.is_success:
                reply.read()
                raise self._refusal(reply)
            yield self._events(reply)

    def close(self) -> None:
        """Give up the connections."""
        self._http.close()

    def _asked(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, timeout: httpx.Timeout = _QUICK
    ) -> bytes:
        with self._translated():
            reply = self._http.request(method, self.url + path, timeout=timeout, **_json(body))
        if not reply.is_success:
            raise self._refusal(reply)
        return reply.content

    def _events(self, reply: httpx.Response) -> Iterator[bytes]:
        for line in reply.iter_lines():
            if line.startswith("data:") and line != "data: [DONE]":
                data = line.removeprefix("data:").strip().encode()
                message = _message_in(data)
                if message is not None:
                    raise CommandError(message)
                yield data

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            hint = "Start one with `corral serve`, or name it with --url."
            raise UnreachableError(f"No server answers at {self.url} ({error}). {hint}") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise UnreachableError(f"The connection to {self.url} broke: {reason}.") from error

    def _decoded(self, content: bytes, wanted: type[_T]) -> _T:
        try:
            return msgspec.json.decode(content, type=wanted)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            sentence = f"{self.url} answers in words that this `corral` does not know: {error}."
            raise CommandError(sentence) from error

    def _refusal(self, reply: httpx.Response) -> RefusedError:
        message = _message_in(reply.content)
        if message is None or (reply.status_code == 404 and message == "File Not Found"):
            message = (
                f"{self.url} is no Corral server that commands can talk to: it answered {reply.status_code}."
            )
        return RefusedError(message, reply.status_code)


def _json(body: dict[str, Any] | None) -> dict[str, Any]:
    return {} if body is None else {"json": body}


def _path(name: str, action: str = "") -> str:
    return f"/admin/models/{quote(name, safe='')}{action}"


class _Error(msgspec.Struct):
    message: str


class _Failure(msgspec.Struct):
    error: _Error | None = None


def _message_in(content: bytes) -> str | None:
    """Return the sentence of an error, None where there is none."""
    try:
        failure = msgspec.json.decode(content, type=_Failure)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return failure.error.message if failure.error else None
