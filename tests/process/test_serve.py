"""`corral serve` as a whole, on the fake runner: how it starts and how it ends."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

DEADLINE_S = 30
SERVE = """
import sys
from pathlib import Path
from corral.app.serving import serve
from corral.catalog.source import ModelSource
from corral.core.settings import ModelSettings, ServerSettings, Settings

path, port, shutdown_s, is_bundled, is_ui = sys.argv[1:]
server = ServerSettings(port=int(port), shutdown_s=float(shutdown_s), is_ui=is_ui == "1")
model = ModelSettings(path=None if is_bundled == "1" else "the-fake")
settings = Settings(server=server, model=model)
source = ModelSource(Path(path), "the-fake", is_bundled == "1")
sys.exit(serve(settings, runner="fake", find_model=lambda *_: source))
"""


class Server:
    """A `corral serve` of its own; everything it does must happen before the deadline."""

    def __init__(self, path="fake:", *, port=0, shutdown_s=10.0, is_bundled=False, is_ui=False):
        words = [path, str(port), str(shutdown_s), str(int(is_bundled)), str(int(is_ui))]
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._deadline = threading.Timer(DEADLINE_S, self._process.kill)
        self._deadline.start()
        self.port = None

    def until(self, words):
        """Return the lines of standard output up to the one with `words`."""
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
            if words in line:
                return "".join(lines)
        pytest.fail(f"no {words!r} in {lines} {self._process.stderr.read()}")

    def request(self, method, path, **body):
        """Return the status and the JSON of the answer."""
        with self.answer(method, path, **body) as answer:
            return answer.status, json.loads(answer.read())

    @contextlib.contextmanager
    def answer(self, method, path, **body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body) if body else None)
            yield connection.getresponse()

    def stream(self, **body):
        return self.answer("POST", "/completion", prompt="hi", stream=True, **body)

    def signal(self, number=signal.SIGTERM):
        self._process.send_signal(number)

    def end(self):
        """Return the exit status and standard error, once the server and its engine are gone."""
        _, errors = self._process.communicate(timeout=DEADLINE_S)
        return self._process.returncode, errors

    def close(self):
        self._deadline.cancel()
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def start():
    """Start servers; none outlives the test."""
    with contextlib.ExitStack() as servers:

        def start_server(*args, **options):
            server = Server(*args, **options)
            servers.callback(server.close)
            return server

        yield start_server


@pytest.fixture
def ready(start):
    """Start servers and wait until their model is ready."""

    def start_and_wait(*args, **options):
        server = start(*args, **options)
        server.until("is ready")
        return server

    return start_and_wait


def events(answer):
    """Yield the JSON of each `data:` event of a stream."""
    for line in answer:
        if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
            yield json.loads(line[6:])


def test_it_says_where_it_listens_and_what_it_serves(start):
    server = start()

    text = server.until("is ready")

    assert re.search(r"Corral \S+ listens on http://127\.0\.0\.1:\d+\n", text)
    assert "the-fake is ready: 4 slots of 1024 tokens" in text
    assert server.request("GET", "/health") == (200, {"status": "ok"})


def test_with_the_bundled_model_it_says_what_to_do_next(start):
    server = start(is_bundled=True)

    assert "demonstration" in server.until("corral serve -m model.gguf")


def test_while_the_model_loads_it_answers_that_it_does(start):
    server = start("fake:load_ms=60000")
    server.until("Loading the-fake")

    status, answer = server.request("GET", "/health")

    assert (status, answer["error"]["message"]) == (503, "Loading model")


def test_with_the_page_it_serves_the_page_and_ends_as_well(ready):
    server = ready(is_ui=True)

    with server.answer("GET", "/") as answer:
        page = answer.read().decode()
    server.signal()

    assert "<title>Corral</title>" in page
    assert server.end()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_an_idle_server_with_status_0(ready, number):
    server = ready()

    server.signal(number)

    assert server.end()[0] == 0


def test_a_signal_while_the_model_loads_ends_it_with_status_0(start):
    server = start("fake:load_ms=60000")
    server.until("Loading the-fake")

    server.signal()

    assert server.end()[0] == 0


def test_a_signal_lets_a_running_request_end(ready):
    server = ready("fake:step_ms=5")
    with server.stream(n_predict=60) as answer:
        stream = events(answer)
        next(stream)

        server.signal()

        *_, last = stream
    assert last["stop"] is True
    assert last["tokens_predicted"] == 60
    assert server.end()[0] == 0


def test_a_request_that_takes_too_long_is_cut_and_told(ready):
    server = ready("fake:step_ms=5", shutdown_s=0.2)
    with server.stream(n_predict=-1) as answer:
        stream = events(answer)
        next(stream)

        server.signal()

        *_, last = stream
    assert last.get("stop") is True or "error" in last
    assert server.end()[0] == 0


def test_a_second_signal_ends_it_at_once_with_status_1(ready):
    server = ready("fake:step_ms=5", shutdown_s=600)
    with server.stream(n_predict=-1) as answer:
        next(events(answer))
        server.signal(signal.SIGINT)
        server.until("Ctrl-C again")

        server.signal(signal.SIGINT)

        assert server.end()[0] == 1


def test_a_model_that_cannot_be_loaded_ends_it_with_status_1_and_the_reason(start):
    server = start("fake:load_fails=1")

    status, errors = server.end()

    assert status == 1
    assert "asked to fail to load" in errors
    assert "exiting due to model loading error" in errors


def test_a_port_in_use_ends_it_with_status_1(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        status, errors = start(port=port).end()

    assert status == 1
    assert f"couldn't bind HTTP server socket, hostname: 127.0.0.1, port: {port}" in errors


def test_a_crash_fails_the_stream_with_503_and_the_next_request_works(ready):
    server = ready("fake:crash_after=20,step_ms=10")

    with server.stream(n_predict=-1) as answer:
        *_, last = events(answer)
    status, after = server.request("POST", "/completion", prompt="hi", n_predict=3)

    assert last["error"]["code"] == 503
    assert (status, after["tokens_predicted"]) == (200, 3)


def test_a_client_that_leaves_frees_its_slot(ready):
    server = ready("fake:step_ms=5")
    for _ in range(8):  # twice as many as there are slots
        with server.stream(n_predict=-1) as answer:
            next(events(answer))

    status, after = server.request("POST", "/completion", prompt="hi", n_predict=3)

    assert (status, after["tokens_predicted"]) == (200, 3)
