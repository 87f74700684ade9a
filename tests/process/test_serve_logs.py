"""`corral serve` with every kind of log switched on: what is written, and what never is."""

import json
import re
import signal
import subprocess
import sys
import threading
import urllib.request

import pytest
import yaml

SERVE = """
import sys
from pathlib import Path
from corral.app.serving import serve
from corral.catalog.source import ModelSource
from corral.config.load import load

settings = load(sys.argv[1:]).settings
sys.exit(serve(settings, runner="fake", find_model=lambda *_: ModelSource(Path("fake:"), "the-fake")))
"""
DEADLINE_S = 30
KEY = "a-secret-key"


@pytest.fixture
def serve():
    """Serve with flags, ask for one completion, stop; return (status, answer, standard error)."""

    def run(*flags):
        words = [sys.executable, "-c", SERVE, "--port", "0", "--no-ui", "--api-key", KEY, *flags]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            deadline = threading.Timer(DEADLINE_S, child.kill)
            deadline.start()
            try:
                answer = ask(address(child))
                child.send_signal(signal.SIGTERM)
                _, errors = child.communicate()
            finally:
                deadline.cancel()
                child.kill()
        return child.returncode, answer, errors

    return run


def address(child):
    url = None
    for line in child.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        url = url or (found and found[0])
        if "is ready" in line:
            return url
    return pytest.fail(f"never ready: {child.stderr.read()}")


def ask(url):
    body = json.dumps({"prompt": "Once upon a time", "n_predict": 3}).encode()
    request = urllib.request.Request(f"{url}/completion", body, {"Authorization": f"Bearer {KEY}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:  # noqa: S310 - on this machine
        return json.load(answer)


def test_logs_go_where_they_are_asked_to(serve, tmp_path):
    file, runs, prompts = tmp_path / "corral.log", tmp_path / "runs", tmp_path / "prompts"
    file.write_text("old lines\n")

    status, answer, errors = serve(
        *("--log-file", str(file), "-ld", str(runs), "--log-prompts-dir", str(prompts), "--verbose-prompt"),
        *("-lv", "1", "--log-prefix", "--log-timestamps", "--log-colors", "on"),
    )

    (run,) = [yaml.safe_load(path.read_text()) for path in runs.iterdir()]
    (prompt,) = [path.read_text() for path in prompts.iterdir()]
    lines = file.read_text()
    assert status == 0
    assert run["outputs"][0]["text"] == answer["content"]
    assert run["prompt"] == ["Once upon a time"]
    assert prompt == "Once upon a time"
    assert "old lines" not in lines
    assert re.search(r"^\d+\.\d\d\.\d{3}\.\d{3} I model\.ready", lines, re.MULTILINE)
    assert "text='Once upon a time'" in lines
    assert "prompt.token id=79 piece=O" in lines
    assert "\x1b[" not in lines
    assert "model.ready" in errors
    kept = [lines, errors, prompt, *(path.read_text() for path in runs.iterdir())]
    assert not any(KEY in text for text in kept)


def test_nothing_is_written_when_the_log_is_disabled(serve, tmp_path):
    status, _, errors = serve(
        "--log-disable", "--log-file", str(tmp_path / "corral.log"), "--verbose-prompt", "-v"
    )

    assert (status, errors) == (0, "")
    assert not any(path.read_text() for path in tmp_path.iterdir())


def test_prompts_are_nobodys_business_unless_asked_for(serve):
    _, _, errors = serve("-v")

    assert "Once upon" not in errors
