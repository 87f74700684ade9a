"""What the flags about HTTP do to a whole server, on the fake runner: TLS, addresses, files, silence."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import stat
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
import trustme

from corral.app.listeners import CannotListenError, Listeners
from corral.core.settings import ServerSettings

DEADLINE_S = 30
SERVE = """
import sys
from pathlib import Path
from corral.app.serving import serve
from corral.catalog.source import ModelSource
from corral.config.load import load

path, *flags = sys.argv[1:]
source = ModelSource(Path(path), "the-fake", False)
sys.exit(serve(load(flags).settings, runner="fake", find_model=lambda *_: source))
"""


class Server:
    """`corral serve` with the flags, on a free port unless they name one."""

    def __init__(self, path, *flags):
        self._process = subprocess.Popen(
            [sys.executable, "-c", SERVE, path, "--port", "0", "--no-ui", *map(str, flags)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._deadline = threading.Timer(DEADLINE_S, self._process.kill)
        self._deadline.start()
        self.addresses = []

    def until_ready(self):
        for line in self._process.stdout:
            if found := re.search(r"listens on (.*)", line):
                self.addresses = found[1].split(", ")
            if "is ready" in line:
                return self
        return pytest.fail(self._process.stderr.read())

    @property
    def port(self):
        return int(self.addresses[0].rpartition(":")[2])

    def end(self):
        """Return the exit status and standard error of a server that ends by itself."""
        _, errors = self._process.communicate(timeout=DEADLINE_S)
        return self._process.returncode, errors

    def terminate(self):
        self._process.terminate()

    def stop(self):
        """Return the exit status."""
        self.terminate()
        return self.end()[0]

    def close(self):
        self._deadline.cancel()
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def start():
    """Start servers; none outlives the test."""
    with contextlib.ExitStack() as servers:

        def start_server(*flags, path="fake:"):
            server = Server(path, *flags)
            servers.callback(server.close)
            return server

        yield start_server


@pytest.fixture
def serve(start):
    """Start servers and wait until their model is ready."""
    return lambda *flags, **options: start(*flags, **options).until_ready()


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    """Give the paths of a key and of its certificate."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "cert.pem", append=True)
    return folder / "key.pem", folder / "cert.pem"


def test_with_both_files_the_server_speaks_https(serve, authority, files):
    context = ssl.create_default_context()
    authority.configure_trust(context)

    server = serve("--ssl-key-file", files[0], "--ssl-cert-file", files[1])

    (address,) = server.addresses
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+", address)
    with httpx.Client(verify=context, base_url=address, timeout=DEADLINE_S) as client:
        assert client.get("/health").json() == {"status": "ok"}
        body = {"prompt": "hi", "n_predict": 3, "stream": True}
        with client.stream("POST", "/completion", json=body) as answer:
            lines = [json.loads(line[6:]) for line in answer.iter_lines() if line]
    assert [line["stop"] for line in lines] == [False, False, False, True]
    assert server.stop() == 0


@pytest.mark.parametrize("index", [0, 1])
def test_with_one_file_the_server_speaks_plain_http_without_complaint(start, files, index):
    flag = ("--ssl-key-file", "--ssl-cert-file")[index]

    server = start("--log-disable", flag, files[index]).until_ready()

    assert httpx.get(f"{server.addresses[0]}/health").json() == {"status": "ok"}
    server.terminate()
    assert server.end() == (0, "")


@pytest.mark.parametrize("fault", ["missing", "swapped", "not a key", "locked"])
def test_files_that_cannot_be_used_end_the_start(start, files, tmp_path, fault):
    key, certificate = files
    match fault:
        case "missing":
            key = tmp_path / "none.pem"
        case "swapped":
            key, certificate = certificate, key
        case "not a key":
            key = tmp_path / "text.pem"
            key.write_text("no key")
        case "locked":
            key = tmp_path / "locked.pem"
            key.write_bytes(locked(files[0].read_bytes()))

    status, errors = start("--ssl-key-file", key, "--ssl-cert-file", certificate).end()

    assert status == 1
    (line,) = errors.splitlines()
    assert line.startswith(f"error: https cannot start with --ssl-key-file {key}")
    assert ("locked with a password" in line) == (fault == "locked")


def locked(pem):
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(pem, None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"sesame"),
    )


def test_several_addresses_share_one_port(serve, tmp_path):
    path = tmp_path / "corral.sock"

    server = serve("--host", f"127.0.0.1,127.0.0.2,{path}")

    first, second, third = server.addresses
    assert second == f"http://127.0.0.2:{server.port}"
    assert third == f"unix://{path}"
    for address in (first, second):
        assert httpx.get(f"{address}/health").json() == {"status": "ok"}
    assert get_over(path, "/health").json() == {"status": "ok"}
    assert server.stop() == 0
    assert not path.exists()


def test_a_socket_that_a_dead_server_left_is_replaced(serve, tmp_path):
    path = tmp_path / "corral.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    serve("--host", path)

    assert get_over(path, "/health").json() == {"status": "ok"}


def test_a_socket_in_use_is_left_alone(start, tmp_path):
    path = tmp_path / "corral.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()

        status, errors = start("--host", f"127.0.0.1,{path}").end()

    assert status == 1
    assert f"couldn't bind HTTP server socket, hostname: {path}, port: " in errors
    assert stat.S_ISSOCK(path.stat().st_mode)


def test_a_socket_whose_server_is_too_busy_to_answer_is_left_alone(tmp_path):
    path = str(tmp_path / "corral.sock")
    with socket.socket(socket.AF_UNIX) as other, contextlib.ExitStack() as waiting:
        other.bind(path)
        other.listen(0)
        while waiting.enter_context(_unix_client()).connect_ex(path) == 0:
            pass  # until no more may wait

        with pytest.raises(CannotListenError, match="Address already in use"):
            Listeners(ServerSettings(host=path))

    assert stat.S_ISSOCK(Path(path).stat().st_mode)


def _unix_client():
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    return client


def test_a_file_in_the_place_of_a_socket_is_left_alone(start, tmp_path):
    path = tmp_path / "corral.sock"
    path.write_text("a file")

    status, _ = start("--host", path).end()

    assert (status, path.read_text()) == (1, "a file")


def test_a_port_can_be_shared_when_both_agree(serve, start):
    first = serve("--reuse-port")

    second = serve("--reuse-port", "--port", first.port)
    status, errors = start("--port", first.port).end()

    assert second.port == first.port
    assert status == 1
    assert f"couldn't bind HTTP server socket, hostname: 127.0.0.1, port: {first.port}" in errors


def test_a_folder_that_is_none_ends_the_start(start, tmp_path):
    status, errors = start("--path", tmp_path / "none").end()

    assert (status, errors) == (1, f"error: static assets path not found: {tmp_path / 'none'}\n")


def test_a_folder_and_a_prefix_and_origins_over_a_socket(serve, tmp_path):
    (tmp_path / "index.html").write_text("<p>ours")

    server = serve("--path", tmp_path, "--api-prefix", "/llm/", "--cors-origins", "localhost")

    (address,) = server.addresses
    assert address.endswith("/llm/")
    assert httpx.get(address).text == "<p>ours"
    health = httpx.get(f"{address}health", headers={"origin": "http://localhost:1"})
    assert health.json() == {"status": "ok"}
    assert health.headers["access-control-allow-origin"] == "http://localhost:1"
    assert httpx.get(address.replace("/llm/", "/health")).status_code == 404


def test_a_silent_stream_is_pinged(serve):
    server = serve("--sse-ping-interval", "0.05", path="fake:step_ms=400")
    body = {"prompt": "hi", "n_predict": 1, "stream": True}

    text = httpx.post(f"{server.addresses[0]}/completion", json=body, timeout=DEADLINE_S).text

    assert text.startswith(":\n\n")
    assert '"stop":true' in text


def test_without_pings_a_stream_is_silent(serve):
    server = serve("--sse-ping-interval", "-1", path="fake:step_ms=200")
    body = {"prompt": "hi", "n_predict": 1, "stream": True}

    text = httpx.post(f"{server.addresses[0]}/completion", json=body, timeout=DEADLINE_S).text

    assert text.startswith("data: ")
    assert ":\n\n" not in text


def test_health_slots_and_metrics_answer_while_a_prompt_is_processed(serve):
    flags = ("--slots", "--metrics", "-np", "1", "-b", "32", "-ub", "32")
    server = serve(*flags, path="fake:step_ms=100")
    with socket.create_connection(("127.0.0.1", server.port)) as connection, client_of(server) as client:
        body = json.dumps({"prompt": "a" * 640, "n_predict": 1}).encode()
        head = b"POST /completion HTTP/1.1\r\nHost: corral\r\nContent-Length: %d\r\n\r\n" % len(body)
        connection.sendall(head + body)
        while not client.get("/slots").json()[0]["is_processing"]:
            pass

        answers = {path: client.get(path).status_code for path in ("/health", "/slots", "/metrics", "/props")}
        (slot,) = client.get("/slots").json()

        assert answers == dict.fromkeys(answers, 200)
        assert slot["is_processing"]
        assert slot["next_token"]["n_decoded"] == 0, "the prompt was over before they answered"
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_a_body_of_fifty_megabytes_is_read_or_refused_and_the_server_lives(serve):
    server = serve()
    long_text = "a" * (50 * 1024 * 1024)

    with client_of(server) as client:
        wrong = client.post("/completion", json={"prompt": "hi", "top_k": long_text})
        unknown = client.post("/completion", json={"prompt": "hi", "n_predict": 1, "unknown": long_text})
        too_large = client.post("/completion", json={"prompt": "hi", "unknown": long_text[: 2**24] * 5})
        beyond = client.post("/completion", json={"prompt": long_text, "n_predict": 1})
        after = client.post("/completion", json={"prompt": "hi", "n_predict": 1})

    assert (wrong.status_code, "'top_k'" in wrong.json()["error"]["message"]) == (400, True)
    assert unknown.status_code == 200
    assert too_large.status_code == 413
    assert beyond.status_code in (200, 400)
    assert after.status_code == 200


def test_while_the_model_loads_browsers_see_a_page_that_looks_again(start):
    server = start("--api-key", "sesame", path="fake:load_ms=60000")
    address = listening(server)

    page = httpx.get(f"{address}/index.html")
    other = httpx.get(f"{address}/slots")

    assert (page.status_code, other.status_code) == (503, 503)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<meta http-equiv="refresh"' in page.text
    assert other.json()["error"]["message"] == "Loading model"


def listening(server):
    for line in server._process.stdout:
        if found := re.search(r"listens on (\S+)", line):
            return found[1]
    return pytest.fail("it never listened")


def client_of(server):
    return httpx.Client(base_url=server.addresses[0], timeout=DEADLINE_S)


def get_over(path, target):
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), timeout=DEADLINE_S) as client:
        return client.get(f"http://corral{target}")
