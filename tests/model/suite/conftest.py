"""`corral serve` through its command line, with the flags that llama-server's own test suites give it.

One process per set of flags, shared by all tests of a file that ask for it, so a test must not lean on a
clean server.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

import httpx
import openai
import pytest

import corral
from tests.model.encoder_files import write_bert

DEADLINE_S = 60
N_KEPT = 8  # servers; a test uses three at most
TINY = f"{corral.__path__[0]}/models/corral-tiny.gguf"
# The suites' preset of a small model; they name the model by its repository, here it is a file.
PRESET = {
    "--host": "127.0.0.1",
    "--port": "0",
    "--temp": "0.8",
    "--seed": "42",
    "--offline": None,
    "--model": TINY,
    "--batch-size": "32",
    "--threads": "1",
    "--cont-batching": None,
    "--slots": None,
    "--alias": "tinyllama-2",
    "--ctx-size": "512",
    "--parallel": "2",
    "--n-predict": "64",
    "--no-ui": None,
    "--no-jinja": None,
}
# Words that a bias must keep out of an answer.
BANNED = tuple("a an the is was and to he she it you we they his her book".split())  # noqa: SIM905 - read as a sentence


def words(**changes):
    """Return the command line of the preset; a change of False leaves its flag out, True has no value."""
    flags = dict(PRESET)
    for name, value in changes.items():
        flag = "--" + name.replace("_", "-")
        flags[flag] = None if value is True else value
    given = [
        [flag] if value is None else [flag, str(value)] for flag, value in flags.items() if value is not False
    ]
    return [word for pair in given for word in pair]


class Served:
    """A running `corral serve` on a free port."""

    def __init__(self, flags):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LLAMA_", "CORRAL_"))}
        started_s = time.monotonic()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self.process = subprocess.Popen(
            [sys.executable, "-m", "corral", "serve", *flags],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**kept, "LLAMA_SERVER_DEBUG_FAKE_TIMING": "1"},
        )
        watchdog = threading.Timer(DEADLINE_S, self.process.kill)
        watchdog.start()
        lines = []
        while "is ready" not in "".join(lines):
            lines.append(self.process.stdout.readline())
            if not lines[-1]:
                self.fail()
        watchdog.cancel()
        self.start_s = time.monotonic() - started_s
        (port,) = re.findall(r"http://127\.0\.0\.1:(\d+)", "".join(lines))
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, timeout=DEADLINE_S)

    def fail(self):
        self.process.wait(DEADLINE_S)
        self.process.stdout.close()
        with self.log:
            self.log.seek(0)
            pytest.fail(f"the server ended: {self.log.read().decode()}")

    def get(self, path, **options):
        return self.http.get(path, **options)

    def post(self, path, body=None, **options):
        return self.http.post(path, json=body, **options)

    def complete(self, prompt="Once upon a time", **fields):
        """Return the body of a completion that worked."""
        reply = self.post("/completion", {"prompt": prompt, **fields})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def stream(self, path, body):
        """Yield each event of a stream, [DONE] left out."""
        with self.http.stream("POST", path, json={**body, "stream": True}) as reply:
            assert reply.status_code == 200, reply.read()
            for line in reply.iter_lines():
                if line.startswith("data: ") and line != "data: [DONE]":
                    yield json.loads(line[6:])

    def slots(self):
        return self.get("/slots").json()

    def until_idle(self):
        while any(slot["is_processing"] for slot in self.slots()):
            pass

    def openai(self):
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key="dummy", max_retries=0)

    def stop(self):
        """End it as the suites do; return its status and how long it took."""
        self.http.close()
        asked_s = time.monotonic()
        self.process.terminate()
        status = self.process.wait(DEADLINE_S)
        self.process.stdout.close()
        self.log.close()
        return status, time.monotonic() - asked_s


@pytest.fixture(scope="module")
def serve():
    """Return the server of these changes to the preset; those used last stay for the tests that come."""
    running = {}

    def served(**changes):
        key = tuple(words(**changes))
        server = running.pop(key, None) or Served(key)
        running[key] = server
        if len(running) > N_KEPT:
            running.pop(next(iter(running))).stop()
        return server

    yield served
    for server in running.values():
        server.stop()


@pytest.fixture(scope="session")
def slot_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("slots")


@pytest.fixture
def endless(serve, slot_dir):
    """One slot of a context that takes a second to fill, and no limit before that."""
    return serve(ctx_size=4096, parallel=1, n_predict=-1, slot_save_path=slot_dir)


@pytest.fixture
def server(serve, slot_dir):
    """The preset, with everything opened that does not change what the rest does."""
    return serve(metrics=True, slot_save_path=slot_dir)


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    path = tmp_path_factory.mktemp("bert") / "bert.gguf"
    write_bert(path)
    return path


@pytest.fixture(scope="session")
def ranker(tmp_path_factory):
    path = tmp_path_factory.mktemp("bert") / "ranker.gguf"
    write_bert(path, has_head=True)
    return path


@pytest.fixture
def embedder(serve, bert):
    sizes = {"ctx_size": 128, "batch_size": 48, "ubatch_size": 48, "n_predict": False}
    return serve(model=bert, alias="bert-bge-small", embedding=True, pooling="last", **sizes)


@pytest.fixture
def ranking(serve, ranker):
    sizes = {"ctx_size": 64, "batch_size": 64, "parallel": 1, "n_predict": False}
    return serve(model=ranker, alias="jina-reranker", reranking=True, **sizes)
