"""Models of another server: over real sockets, with a server that misbehaves, and with one more Corral."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import openai
import pytest

DEADLINE_S = 60
KEY = "sk-of-the-other-server"
CHAT = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 4}
SERVE = """
import sys
from pathlib import Path
from corral.app.serving import serve
from corral.catalog.source import ModelSource
from corral.config.load import load

source = ModelSource(Path(sys.argv[1]), "the-fake", False)
sys.exit(serve(load(sys.argv[2:]).settings, runner="fake", find_model=lambda *_: source))
"""


class Corral:
    """A whole server on a free port, on the fake runner. `log` is what it printed, once it has ended."""

    def __init__(self, *flags, folder, path="fake:"):
        self._log = folder / f"log-{id(self)}"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", SERVE, path, "--port", "0", "--no-ui", *map(str, flags)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=folder,
            )
        self._deadline = threading.Timer(DEADLINE_S, self._process.kill)
        self._deadline.start()
        self.printed = ""
        self.url = self._until(r"listens on (http://\S+:\d+)")

    def until_ready(self):
        self._until("(is ready)")
        return self

    def terminate(self):
        self._process.terminate()

    def end(self):
        """Return the exit status of a server that was told to stop."""
        self.printed += self._process.stdout.read()  # and what is buffered, which communicate leaves out
        return self._process.wait(DEADLINE_S)

    @property
    def log(self):
        return self.printed + self._log.read_text()

    def close(self):
        self._deadline.cancel()
        self._process.kill()
        self._process.communicate()

    def _until(self, pattern):
        for line in self._process.stdout:
            self.printed += line
            if found := re.search(pattern, line):
                return found[1]
        return pytest.fail(self._log.read_text())


class OddServer(ThreadingHTTPServer):
    """Reads a request, then does with its connection what `act` says. `asked` are the heads and bodies."""

    daemon_threads = True

    def __init__(self, act):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.act = act
        self.asked = []
        self.is_left = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append((self.path, dict(self.headers), json.loads(body)))
        self.close_connection = True
        self.server.act(self)

    def begin(self, kind="text/event-stream"):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def write(self, data):
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def until_left(self):
        """Wait for the other end to close the connection."""
        self.connection.settimeout(DEADLINE_S)
        with contextlib.suppress(ConnectionError):
            assert self.connection.recv(1) == b""
        self.server.is_left.set()

    def log_message(self, *_words):
        pass


@pytest.fixture
def start(tmp_path):
    with contextlib.ExitStack() as stack:

        def start_server(*flags, path="fake:"):
            server = Corral(*flags, folder=tmp_path, path=path)
            stack.callback(server.close)
            return server

        yield start_server


@pytest.fixture
def odd():
    with contextlib.ExitStack() as stack:

        def start_server(act):
            server = OddServer(act)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return server

        yield start_server


@pytest.fixture
def declare(tmp_path, start):
    """Start a Corral that declares the model `far` of another server."""

    def start_server(url, *flags, **arguments):
        said = {"api_key": KEY, "model": "theirs", **arguments}
        file = tmp_path / "model_definitions.py"
        file.write_text(f"far = ReverseProxyModel(model_path={url!r}, **{said!r})\n")
        return start("--definitions", file, "--admin-key", "boss", *flags)

    return start_server


def ask(server, path="/v1/chat/completions", **fields):
    return httpx.post(f"{server.url}{path}", json={**CHAT, "model": "far", **fields}, timeout=DEADLINE_S)


def test_a_corral_behind_a_corral_answers_openais_client(start, declare):
    back = start("--api-key", KEY, "--alias", "theirs").until_ready()
    front = declare(back.url)
    client = openai.OpenAI(base_url=f"{front.url}/v1", api_key="sk-of-the-client", max_retries=0)

    whole = client.chat.completions.create(model="far", **CHAT)
    chunks = list(client.chat.completions.create(model="far", **CHAT, stream=True))
    direct = httpx.post(
        f"{back.url}/v1/chat/completions", json=CHAT, headers={"authorization": f"Bearer {KEY}"}, timeout=30
    ).json()

    content = direct["choices"][0]["message"]["content"]
    assert whole.choices[0].message.content == content != ""
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == content
    assert whole.model == "theirs"
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="far", messages=[], temperature="hot")
    assert [model.id for model in client.models.list()] == ["far"]


def test_the_key_is_nowhere_to_be_seen(declare, odd):
    def refuse(handler):
        handler.send_error(418, f"not with {KEY}")

    other = odd(refuse)
    front = declare(other.url, "--log-verbosity", "9")
    boss = {"authorization": "Bearer boss"}

    told = [ask(front).text, ask(front, stream=True).text, ask(front, "/tokenize").text]
    paths = (
        "/v1/models",
        "/admin/models",
        "/admin/models/far",
        "/admin/models/far/placement",
        "/props",
        "/health",
    )
    told += [httpx.get(f"{front.url}{path}", headers=boss, timeout=30).text for path in paths]
    loaded = httpx.post(f"{front.url}/admin/models/far/load", headers=boss, timeout=30)
    gone = ask(declare("http://127.0.0.1:9"))
    front.terminate()

    assert front.end() == 0
    assert [head["authorization"] for _, head, _ in other.asked] == [f"Bearer {KEY}"] * 2
    assert loaded.json()["state"] == "remote"
    assert gone.status_code == 502
    assert KEY not in "".join([*told, loaded.text, gone.text, front.log])


def test_events_come_through_one_by_one(declare, odd):
    heard = threading.Semaphore(0)

    def tell_when_heard(handler):
        handler.begin()
        for number in range(3):
            handler.write(b"data: %d\n\n" % number)
            assert heard.acquire(timeout=DEADLINE_S)
        handler.write(b"")

    front = declare(odd(tell_when_heard).url)
    seen = []

    with httpx.stream("POST", f"{front.url}/v1/completions", json={"model": "far"}, timeout=30) as reply:
        for piece in reply.iter_raw():
            seen.append(piece)
            heard.release()

    assert seen == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n"]


@pytest.mark.parametrize("is_stream", [True, False])
def test_a_client_that_leaves_closes_the_connection_to_the_other_server(declare, odd, is_stream):
    is_running = threading.Event()

    def go_on(handler):
        if is_stream:
            handler.begin()
            handler.write(b"data: 1\n\n")
        is_running.set()
        handler.until_left()

    other = odd(go_on)
    front = declare(other.url)
    host, port = front.url.removeprefix("http://").split(":")
    body = json.dumps({"model": "far", "stream": is_stream}).encode()
    with socket.create_connection((host, int(port)), timeout=30) as client:
        client.sendall(
            b"POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        assert is_running.wait(DEADLINE_S)

    assert other.is_left.wait(DEADLINE_S)
    assert len(other.asked) == 1


def test_a_stream_that_is_cut_ends_with_an_error(declare, odd):
    def cut(handler):
        handler.begin()
        handler.write(b"data: 1\n\ndata: ha")

    front = declare(odd(cut).url)

    reply = ask(front, stream=True)

    assert reply.text.startswith("data: 1\n\nerror: ")
    assert json.loads(reply.text.split("data: ")[2])["error"]["code"] == 502


def test_a_server_that_keeps_silent_is_given_up(declare, odd):
    def say_little(handler):
        if handler.path.endswith("/chat/completions"):
            handler.begin()
            handler.write(b"data: 1\n\n")
        handler.until_left()

    other = odd(say_little)
    front = declare(other.url, timeout=0.3)

    streamed, plain = ask(front), ask(front, "/v1/completions")

    assert "was silent for 0.3 s" in streamed.text
    assert plain.status_code == 504
    assert plain.json()["error"]["message"] == "The server that runs the model 'far' was silent for 0.3 s"


def test_what_is_no_server_of_models_is_told_in_a_sentence(declare, odd):
    def hang_up(_handler):
        pass

    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    nobody, rude = declare(f"http://127.0.0.1:{port}"), declare(odd(hang_up).url)

    assert ask(nobody).status_code == ask(rude).status_code == 502
    assert ask(nobody).json()["error"]["message"] == "The server that runs the model 'far' cannot be reached"
    assert "broke off the connection" in ask(rude).text


def test_a_lone_remote_model_is_served_under_any_name_and_nothing_is_loaded(start, odd):
    def answer(handler):
        handler.begin("application/json")
        handler.write(b'{"id": 1}')
        handler.write(b"")

    other = odd(answer)
    front = start("--proxy-url", other.url, "--proxy-key", KEY, "--proxy-model", "theirs", "--alias", "mine")

    health = httpx.get(f"{front.url}/health", timeout=30)
    replies = [ask(front, model=name) for name in ("mine", "anything")]
    models = httpx.get(f"{front.url}/v1/models", timeout=30).json()
    front.terminate()

    assert health.status_code == 200
    assert [reply.json() for reply in replies] == [{"id": 1}] * 2
    assert [body["model"] for _, _, body in other.asked] == ["theirs"] * 2
    assert [model["id"] for model in models["data"]] == ["mine"]
    assert front.end() == 0
    assert f"Requests for mine are handed on to {other.url}" in front.printed


def test_a_server_that_stops_ends_the_streams_it_hands_on(declare, odd):
    def go_on(handler):
        handler.begin()
        handler.write(b"data: 1\n\n")
        handler.until_left()

    other = odd(go_on)
    front = declare(other.url, "--shutdown-s", "0.2")
    text = ""

    with httpx.stream("POST", f"{front.url}/v1/completions", json={"model": "far"}, timeout=30) as reply:
        for piece in reply.iter_text():
            text += piece
            if piece == "data: 1\n\n":
                front.terminate()

    assert "The server is stopping" in text
    assert front.end() == 0
    assert other.is_left.wait(DEADLINE_S)
