"""A whole server of many models over HTTP, on the fake runner or on llama.cpp."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading

import httpx
import pytest

from corral.catalog.bundled import bundled_model

DEADLINE_S = 60
ADMIN_KEY = "the-admin-key"
SERVE = """
import sys
from pathlib import Path
from corral.app.serving import serve
from corral.catalog.source import ModelSource, resolve
from corral.config.load import load

runner, *flags = sys.argv[1:]
fake = lambda model, _: ModelSource(Path(Path(model.path).with_suffix(".fake").read_text()), model.path)
find = fake if runner == "fake" else resolve
sys.exit(serve(load(flags).settings, runner=runner, find_model=find))
"""


class ManyServer:
    """`corral serve` of a folder of models, or of one file. All it does must happen before the deadline."""

    def __init__(self, models, runner, flags):
        source, cache = ("--models-dir", models) if models.is_dir() else ("-m", models.parent)
        words = [source, models, "--admin-key", ADMIN_KEY, "--port", "0", "--no-ui", *flags]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CORRAL_", "LLAMA_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, runner, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**kept, "LLAMA_CACHE": str(cache)},
        )
        self._deadline = threading.Timer(DEADLINE_S, self.process.kill)
        self._deadline.start()
        self.http = httpx.Client(
            base_url=self._address(), headers={"Authorization": f"Bearer {ADMIN_KEY}"}, timeout=DEADLINE_S
        )

    def complete(self, model, *, prompt="hi", max_tokens=4, **fields):
        """Return the answer to one completion."""
        body = {"model": model, "prompt": prompt, "max_tokens": max_tokens, "ignore_eos": True, **fields}
        return self.http.post("/v1/completions", json=body)

    @contextlib.contextmanager
    def stream(self, model, *, prompt="hi", max_tokens=400):
        """Yield an iterator over the events of one completion, each as JSON."""
        body = {"model": model, "prompt": prompt, "max_tokens": max_tokens, "stream": True}
        with self.http.stream("POST", "/v1/completions", json={**body, "ignore_eos": True}) as answer:
            yield (
                json.loads(line.removeprefix("data: "))
                for line in answer.iter_lines()
                if line.startswith("data: {")
            )

    def view(self, model):
        """Return what the admin API says of a model."""
        return self.http.get(f"/admin/models/{model}").raise_for_status().json()

    def shown(self, model):
        """Return what `/v1/models` says of it."""
        models = self.http.get("/v1/models").raise_for_status().json()["data"]
        return next(one for one in models if one["id"] == model)

    def close(self):
        """Stop it as a user does, and return its exit status."""
        self.http.close()
        self.process.terminate()
        status = self.process.wait()
        self._deadline.cancel()
        self.process.stdout.close()
        return status

    def _address(self):
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                return found[0]
        return pytest.fail("the server ended")


@contextlib.contextmanager
def fake_server(folder, *flags, **behaviours):
    """A server with a model of each name that behaves as its fake path says."""
    for name, path in behaviours.items():
        # What the catalogue reads must be a real header; the engine gets the path of the fake.
        (folder / f"{name}.gguf").symlink_to(bundled_model())
        (folder / f"{name}.fake").write_text(path)
    yield from _running(folder, "fake", flags)


@contextlib.contextmanager
def llama_server(models, *flags):
    """A server with the GGUF files of a folder, or with one."""
    yield from _running(models, "llama", flags)


def _running(models, runner, flags):
    server = ManyServer(models, runner, flags)
    try:
        yield server
    finally:
        status = server.close()
    assert status == 0
