"""A folder with models as llama-api has it, and `corral serve` started in it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from corral.catalog.bundled import bundled_model

DEADLINE_S = 60
ADMIN_KEY = "admin-secret"
ORCA = "orca-mini-3b.q4_0.gguf"
GPTQ_FILES = ("config.json", "tokenizer.model")
DEFINITIONS = f"""\
from llama_api.schemas.models import ExllamaModel, LlamaCppModel

orca_mini_3b = LlamaCppModel(model_path="{ORCA}", max_total_tokens=32768)
second = LlamaCppModel(model_path="second.gguf", max_total_tokens=32768)
third = LlamaCppModel(model_path="third.gguf", max_total_tokens=512)
orca_mini_7b = ExllamaModel(model_path="orca_mini_7b", max_total_tokens=4096, compress_pos_emb=2.0)
robin = LlamaCppModel(model_path="robin-7b.ggmlv3.q4_0.bin")
openai_replacement_models = {{"gpt-3.5-turbo": "orca_mini_3b", "gpt-4": "second"}}
"""


def lay_out(folder, definitions=DEFINITIONS):
    """Put three models, one of 2023's containers and an unfinished GPTQ folder where llama-api has them."""
    ggml, gptq = folder / "models" / "ggml", folder / "models" / "gptq" / "orca_mini_7b"
    for place in (ggml, gptq):
        place.mkdir(parents=True)
    for name in (ORCA, "second.gguf", "third.gguf"):
        shutil.copyfile(bundled_model(), ggml / name)
    (ggml / "robin-7b.ggmlv3.q4_0.bin").write_bytes(b"tjgg" + bytes([3, 0, 0, 0]) + bytes(64))
    (gptq / "config.json").write_text(
        '{"model_type": "llama", "quantization_config": {"quant_method": "gptq"}}'
    )
    (gptq / "tokenizer.model").write_bytes(b"a tokenizer")
    (folder / "model_definitions.py").write_text(definitions)
    return folder


class FolderServer:
    """A running `corral serve` in `folder`, on a free port. `text` is what it said at its start."""

    def __init__(self, folder, *flags, key="no key", **environ):
        words = ["serve", "--port", "0", "--no-ui", "--slots", "--admin-key", ADMIN_KEY, *flags]
        self._errors = folder / "errors.txt"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "corral", *words],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**_clean_environ(folder), **environ},
            )
        watchdog = threading.Timer(DEADLINE_S, self._process.kill)
        watchdog.start()
        self.text = self._until("Serves ")
        watchdog.cancel()
        (self.url,) = re.findall(r"http://127\.0\.0\.1:\d+", self.text)
        self.http, self._admin = (
            httpx.Client(
                base_url=self.url,
                headers={"Authorization": f"Bearer {key}"},
                timeout=DEADLINE_S,
                trust_env=False,
            )
            for key in (key, ADMIN_KEY)
        )

    @property
    def log(self):
        """What it wrote to standard error so far."""
        return self._errors.read_text()

    def post(self, path, body):
        """Return the answer, which must be one."""
        reply = self.http.post(path, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def complete(self, model, prompt="Once upon a time", **fields):
        """Return the reply to a short greedy completion."""
        body = {"model": model, "prompt": prompt, "max_tokens": 8, "temperature": 0, **fields}
        return self.post("/v1/completions", body)

    def text_of(self, model, prompt="Once upon a time", **fields):
        """Return its text."""
        return self.complete(model, prompt, **fields)["choices"][0]["text"]

    def refusal(self, path, body, status):
        """Return the sentence with which a request is refused."""
        reply = self.http.post(path, json=body)
        assert reply.status_code == status, reply.text
        return reply.json()["error"]["message"]

    @contextlib.contextmanager
    def streaming(self, model):
        """Give the lines of an answer that has begun, as long as the context bears: many seconds."""
        body = {"model": model, "prompt": "Once", "max_tokens": 10**6, "ignore_eos": True, "stream": True}
        with self.http.stream("POST", "/v1/completions", json=body) as answer:
            lines = answer.iter_lines()
            assert next(lines).startswith("data: ")
            yield lines

    @contextlib.contextmanager
    def asked(self, model):
        """Have asked for a long completion, and not been answered; who leaves this goes away."""
        body = json.dumps(
            {"model": model, "prompt": "Once", "max_tokens": 10**6, "ignore_eos": True}
        ).encode()
        head = f"POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection((self.http.base_url.host, self.http.base_url.port)) as client:
            client.sendall(head.encode() + body)
            yield

    def n_busy(self, model):
        """Return how many slots of a loaded model are at work."""
        return sum(slot["is_processing"] for slot in self.http.get(f"/slots?model={model}").json())

    def view(self, model):
        """Return what an administrator sees of a model."""
        return self._admin.get(f"/admin/models/{model}").json()

    def state(self, model):
        """Return where a model is."""
        return self.view(model)["state"]

    def spare_pid(self):
        """Return the process that waits for the next model, while none is loaded."""
        while not (found := self._children()):
            pass
        (pid,) = found
        return pid

    def close(self):
        """End it as Ctrl-C does."""
        self.http.close()
        self._admin.close()
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(DEADLINE_S) == 0
        self._process.stdout.close()

    def _children(self):
        listed = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def _until(self, words):
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if words in line:
                return "".join(lines)
        return pytest.fail(f"the server ended: {lines} {self.log}")


def run(folder, *words, **environ):
    """Run a corral command in the folder and return what became of it."""
    return subprocess.run(
        [sys.executable, "-m", "corral", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        env={**_clean_environ(folder), **environ},
    )


def until(condition):
    """Return when the condition holds; the time limit of the test ends what never does."""
    while not condition():
        pass


def is_alive(pid):
    """Tell whether there is a process with this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _clean_environ(folder):
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("LLAMA_", "CORRAL_", "HF_"))}
    return {**ours, "XDG_CACHE_HOME": str(folder / "cache"), "HF_HOME": str(folder / "hub")}
