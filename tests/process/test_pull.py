"""Downloads by processes of their own: shared, killed, resumed; the hub is one on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fake_hub import DEADLINE_S, running_hub

BODY = bytes(range(256)) * 1000
N_HELD = 100_000

# Pulls the model its argument names, tells its progress, then the files.
PULL = """
import sys, threading
from corral.catalog.pull import pull
from corral.core.settings import ModelSettings
from corral.core.errors import CorralError
def tell(arrival):
    print("waiting" if arrival.is_waiting else arrival.n_bytes, flush=True)
def work():
    try:
        files = pull(sys.argv[1], ModelSettings(cache_dir=sys.argv[2], hf_token="hf_good"), tell)
    except CorralError as error:
        print("error", error.message, flush=True)
    else:
        print("done", *files, flush=True)
if "leave" in sys.argv:
    threading.Thread(target=work, daemon=True).start()
    sys.stdin.readline()
else:
    work()
"""


@pytest.fixture
def hub():
    with running_hub() as hub:
        hub.publish("owner/name", {"a-Q4_K_M.gguf": BODY, "mmproj-a-F16.gguf": b"projector"})
        yield hub


@pytest.fixture
def start(hub, tmp_path):
    """Return a function that starts a process which pulls; it finds the hub by the environment."""
    started = []
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    env.pop("HF_HUB_CACHE", None)

    def begin(*more, source="owner/name:Q4_K_M"):
        argv = [sys.executable, "-c", PULL, source, str(tmp_path / "files"), *more]
        child = subprocess.Popen(argv, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(child)
        return child

    yield begin
    for child in started:
        child.kill()
        child.communicate()


def until(child, line):
    while (said := child.stdout.readline().strip()) != line:
        assert said, f"it ended before it said {line!r}"


def files_of(child):
    *_, last = child.communicate(timeout=DEADLINE_S)[0].splitlines()
    said, *files = last.split()
    assert said == "done", last
    return files


def test_the_hub_of_the_environment_is_asked_and_the_projector_comes_too(hub, start, tmp_path):
    files = files_of(start())

    assert [Path(file).name for file in files] == ["a-Q4_K_M.gguf", "mmproj-a-F16.gguf"]
    assert all(file.startswith(str(tmp_path / "home" / "hub" / "models--owner--name")) for file in files)
    assert hub.n_file_bytes() == len(BODY) + len(b"projector")


def test_two_processes_download_once(hub, start):
    hub.n_held = N_HELD
    first = start()
    until(first, str(N_HELD))

    second = start()
    until(second, "waiting")
    hub.n_held = None
    hub.let_go.set()

    assert files_of(first) == files_of(second)
    assert hub.n_file_bytes() == len(BODY) + len(b"projector")


def test_a_killed_process_frees_the_download_and_leaves_what_came(hub, start):
    hub.n_held = N_HELD
    first = start()
    until(first, str(N_HELD))
    second = start()
    until(second, "waiting")

    first.kill()
    hub.n_held = None

    (model, _) = files_of(second)
    hub.let_go.set()
    assert Path(model).read_bytes() == BODY
    resumed = [one.headers["range"] for one in hub.gets() if "range" in one.headers]
    assert resumed == [f"bytes={N_HELD}-"]
    # What the first request sends after its reader has gone reaches nobody: it is not counted.
    n_second = sum(one.n_sent for one in hub.gets() if "range" in one.headers)
    assert N_HELD + n_second == len(BODY)


def test_a_process_ends_at_once_while_a_server_is_silent(hub, start):
    hub.n_held = N_HELD
    child = start("leave")
    until(child, str(N_HELD))

    child.communicate("leave\n", timeout=DEADLINE_S)

    assert child.returncode == 0
    assert not hub.let_go.is_set()


def test_no_token_is_told(hub, start):
    hub.gated = {"owner/name"}
    hub.tokens = set()

    said, _ = start().communicate(timeout=DEADLINE_S)

    assert "it is gated, and your token has no access" in said
    assert "hf_good" not in said
