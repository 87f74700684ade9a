"""A model that another server runs, beside one that runs here; the other server is played in this process."""

import asyncio
import json

import httpx
import pytest

from corral.api.server import create_app
from corral.core.model_view import ModelState
from corral.core.settings import RemoteSettings, Settings
from corral.gateway.remote.remotes import Remotes

KEY = "sk-of-the-other-server"
SECONDS = 5  # a test that waits longer hangs


class OtherServer(httpx.AsyncBaseTransport):
    """Answers with `pieces`, then raises `failure` or, if it `hangs`, gives nothing more.

    `refusal` is raised instead of an answer; `hangs_first`: there is none. `proceed` is waited for before
    each piece but the first, if it is set. `asked` are the requests, `n_closed` counts closed answers.
    """

    def __init__(self):
        self.status = 200
        self.headers = {"content-type": "application/json"}
        self.pieces = [b'{"model": "theirs"}']
        self.failure = self.refusal = self.proceed = None
        self.hangs = self.hangs_first = False
        self.asked = []
        self.n_closed = 0
        self.is_asked = asyncio.Event()

    async def handle_async_request(self, request):
        self.asked.append(request)
        self.is_asked.set()
        if self.refusal:
            raise self.refusal
        if self.hangs_first:
            await asyncio.Event().wait()
        return httpx.Response(self.status, headers=self.headers, stream=_Pieces(self))

    def stream(self, *pieces):
        self.headers = {"content-type": "text/event-stream; charset=utf-8"}
        self.pieces = list(pieces)

    @property
    def url(self):
        return str(self.asked[-1].url)

    @property
    def body(self):
        return json.loads(self.asked[-1].content)


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, server):
        self._server = server

    async def __aiter__(self):
        server = self._server
        for number, piece in enumerate(server.pieces):
            if server.proceed is not None and number:
                await server.proceed.wait()
                server.proceed.clear()
            yield piece
        if server.failure:
            raise server.failure
        if server.hangs:
            await asyncio.Event().wait()

    async def aclose(self):
        self._server.n_closed += 1


class Browser:
    """A POST by hand. `leave` closes the connection; `on_send` sees each message of the answer."""

    def __init__(self, path, body, on_send=lambda _message: None):
        self.sent = []
        self._path = path
        self._content = json.dumps(body).encode()
        self._messages = [{"type": "http.request", "body": self._content, "more_body": False}]
        self._has_left = asyncio.Event()
        self._on_send = on_send

    def leave(self):
        self._has_left.set()

    async def ask(self, app):
        scope = {
            "type": "http",
            "method": "POST",
            "path": self._path,
            "raw_path": self._path.encode(),
            "query_string": b"",
            "headers": [(b"content-length", b"%d" % len(self._content))],
            "http_version": "1.1",
            "scheme": "http",
            "server": ("corral", 80),
            "asgi": {"version": "3.0"},
        }
        await asyncio.wait_for(app(scope, self._receive, self._send), SECONDS)

    @property
    def bodies(self):
        return [message["body"] for message in self.sent if message["type"] == "http.response.body"]

    async def _receive(self):
        if self._messages:
            return self._messages.pop()
        await self._has_left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        self.sent.append(message)
        self._on_send(message)


@pytest.fixture
def browser():
    return Browser


@pytest.fixture
def other_server():
    return OtherServer()


@pytest.fixture
def serve_remote(make_many, other_server):
    """Serve `other` from the other server, with these settings, and `tiny` from here."""

    def serve(base_url="http://far.example:8080", **remote):
        client = make_many()
        settings = RemoteSettings(base_url=base_url, **{"api_key": KEY, "model": "theirs", **remote})
        client.models.own_settings["other"] = Settings(remote=settings)
        client.models.states["other"] = ModelState.REMOTE
        client.remotes = Remotes(other_server)
        client.app = create_app(client.models, Settings(), remotes=client.remotes)
        return client

    return serve


@pytest.fixture
def remote(serve_remote):
    return serve_remote()
