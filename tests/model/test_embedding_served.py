"""`corral serve --embedding` with the bundled model, and OpenAI's own client."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
import threading

import httpx
import openai
import pytest

DEADLINE_S = 60
FILL_IN = ["fim_pre", "fim_suf", "fim_mid"]


class Served:
    """A running `corral serve` on a free port."""

    def __init__(self, *flags):
        words = ["serve", "--port", "0", "--no-ui", "--metrics", "-t", "1", *flags]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("LLAMA_", "CORRAL_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "corral", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        watchdog = threading.Timer(DEADLINE_S, self._process.kill)
        watchdog.start()
        text = self._until("Serve a real one")
        watchdog.cancel()
        (port,) = re.findall(r"http://127\.0\.0\.1:(\d+)", text)
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, timeout=DEADLINE_S)

    def _until(self, words):
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if words in line:
                return "".join(lines)
        pytest.fail(f"the server ended: {lines}")

    def close(self):
        self.http.close()
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(DEADLINE_S) == 0
        self._process.stdout.close()


@pytest.fixture(scope="module")
def served():
    server = Served("--embedding", "--pooling", "mean")
    yield server
    server.close()


@pytest.fixture
def client(served):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_openais_client_reads_both_formats(client):
    texts = ["Hello there", "Once upon a time"]

    packed = client.embeddings.create(model="m", input=texts)
    plain = client.embeddings.create(model="m", input=texts, encoding_format="float")

    assert [item.index for item in packed.data] == [0, 1]
    assert packed.usage.prompt_tokens == packed.usage.total_tokens > 2
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding)
        assert math.hypot(*one.embedding) == pytest.approx(1, abs=1e-5)


def test_like_texts_have_like_vectors(client):
    texts = ["Once upon a time there was a cat", "Once upon a time there was a dog", "2 + 3 is 5"]

    cat, dog, sum_ = (item.embedding for item in client.embeddings.create(model="m", input=texts).data)

    assert math.dist(cat, dog) < math.dist(cat, sum_)


def test_the_norm_is_the_clients(served):
    body = {"content": "Hello", "embd_normalize": -1}

    raw = served.http.post("/embedding", json=body).json()["embedding"]
    unit = served.http.post("/embedding", json={"content": "Hello"}).json()["embedding"]

    length = math.hypot(*raw)
    assert unit == pytest.approx([number / length for number in raw], abs=1e-6)


def test_a_text_beyond_the_batch_is_a_server_error(client):
    with pytest.raises(openai.InternalServerError, match="too large to process"):
        client.embeddings.create(model="m", input="Once upon a time " * 300)


def test_nothing_is_generated(served):
    reply = served.http.post("/completion", json={"prompt": "a"})

    assert reply.status_code == 501


def test_tokens_are_counted(served):
    served.http.post("/embedding", json={"content": "Hello there"})

    (line,) = re.findall(
        r"^llamacpp:prompt_tokens_total (\S+)", served.http.get("/metrics").text, re.MULTILINE
    )
    assert int(line) > 1


def test_props_and_slots_are_still_told(served):
    assert served.http.get("/props").json()["total_slots"] >= 1
    assert served.http.get("/health").json() == {"status": "ok"}


@pytest.fixture(scope="module")
def filling():
    """Serve the bundled model with tokens for filling in, which it has not learned."""
    overrides = [f"tokenizer.ggml.{name}_token_id=int:{i}" for i, name in enumerate(FILL_IN, 300)]
    server = Served(*(word for override in overrides for word in ("--override-kv", override)))
    yield server
    server.close()


def test_an_infill_is_the_completion_of_its_tokens(filling):
    def ids(text):
        body = {"content": text, "parse_special": False}
        return filling.http.post("/tokenize", json=body).json()["tokens"]

    options = {"n_predict": 8, "temperature": 0, "ignore_eos": True}
    bos = filling.http.post("/tokenize", json={"content": " ", "add_special": True}).json()["tokens"]
    head = bos[: len(bos) - len(ids(" "))]
    prompt = [*head, 300, *ids("Once upon"), 301, *ids("time"), 302]

    filled = filling.http.post(
        "/infill", json={"input_prefix": "Once upon", "input_suffix": "time", **options}
    )
    completed = filling.http.post("/completion", json={"prompt": prompt, **options})

    assert filled.json()["content"] == completed.json()["content"] != ""
    assert filled.json()["tokens_evaluated"] == len(prompt)
