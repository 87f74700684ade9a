"""A server that is played, at the other end of a transport of the commands' own HTTP client."""

import functools
import json

import httpx
import msgspec
import pytest

from corral.cli.server import Server
from corral.core.memory import Memory
from corral.core.model_view import ModelState, ModelView

READY = ModelView(
    name="owner/big:Q4_K_M",
    aliases=("big",),
    state=ModelState.READY,
    quantization="Q4_K_M",
    n_bytes=7 * 2**30,
    n_ctx_train=8192,
    need=Memory(8 * 2**30, 2**30),
    rss_bytes=9 * 2**30,
    n_open=2,
    expires_in_s=65.0,
    is_pinned=True,
    is_default=True,
    pid=4711,
)
REST = ModelView(name="tiny", state=ModelState.UNLOADED, n_bytes=4 * 2**20, path="models/tiny.gguf")


class PlayedServer:
    """Answers what `answers` says for "METHOD /path", else 404 as a server without such a route.

    An answer is a document, (status, document), a list of events, an exception, or a function that returns
    one of them. `asked` records requests.
    """

    def __init__(self):
        self.asked = []
        self.answers = {
            "GET /admin/models": {"models": msgspec.to_builtins([READY, REST])},
            "GET /v1/models": {
                "data": [{"id": READY.name, "aliases": ["big"]}, {"id": "tiny", "aliases": []}]
            },
        }

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers.get(f"{request.method} {request.url.raw_path.decode()}", (404, _NOWHERE))
        if callable(answer):
            answer = answer()
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, list):
            lines = [f"data: {json.dumps(event)}\n\n" for event in answer]
            return httpx.Response(200, text="".join([":\n\n", *lines, "data: [DONE]\n\n"]))
        status, document = answer if isinstance(answer, tuple) else (200, answer)
        return httpx.Response(status, json=document)

    def refuse(self, route, status, message):
        self.answers[route] = (status, {"error": {"code": status, "message": message, "type": "x"}})

    def silent(self):
        """Be as if nobody listened."""
        self.answers = dict.fromkeys(self.answers, httpx.ConnectError("refused"))

    def body(self):
        """Return what was sent last."""
        return json.loads(self.asked[-1].content)


_NOWHERE = {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}


@pytest.fixture
def played(monkeypatch, tmp_path):
    """Play the server of every command, in an empty folder, with nothing said by the environment."""
    for name in (
        "CORRAL_URL",
        "CORRAL_API_KEY",
        "CORRAL_ADMIN_KEY",
        "LLAMA_ARG_PORT",
        "LLAMA_ARG_MODELS_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LLAMA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)
    server = PlayedServer()
    transport = httpx.MockTransport(server)
    monkeypatch.setattr("corral.cli.access.Server", functools.partial(Server, transport=transport))
    return server


@pytest.fixture
def ready():
    return READY
