"""The commands as children, at a real server on the fake runner; `corral run` also in a terminal."""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest

from corral.catalog.bundled import bundled_model
from tests.fake_hub import running_hub

REASON = "the terminal of these tests is a POSIX one"
fcntl = pytest.importorskip("fcntl", reason=REASON)
pty = pytest.importorskip("pty", reason=REASON)
termios = pytest.importorskip("termios", reason=REASON)

DEADLINE_S = 40
SERVE = """
import os
import sys
from pathlib import Path
from corral.app.serving import serve
from corral.catalog.source import ModelSource
from corral.config.load import load

fake = os.environ["FAKE"]
print("pid", os.getpid(), file=open(os.environ["PIDS"], "a"))
find = lambda model, _: ModelSource(Path(fake), model.path or "fake")
sys.exit(serve(load(sys.argv[1:]).settings, runner="fake", find_model=find))
"""
RUN = """
import sys
from corral.cli.run import main

serve, *words = sys.argv[1:]
sys.exit(main(words, (sys.executable, "-c", serve)))
"""


class Place:
    """An empty folder with `models/tiny.gguf`, and what was started in it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "models").mkdir()
        shutil.copy(bundled_model(), folder / "models" / "tiny.gguf")
        self._pids = folder / "pids"
        self._pids.touch()
        self.children = contextlib.ExitStack()

    def environment(self, fake="fake:", **variables):
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CORRAL_", "LLAMA_ARG_", "LLAMA_API"))
        }
        own = {"FAKE": fake, "PIDS": str(self._pids), "LLAMA_CACHE": str(self.folder / "cache")}
        return {**kept, **own, "HF_HUB_CACHE": str(self.folder / "hub"), "TERM": "xterm", **variables}

    def start(self, argv, **options):
        child = subprocess.Popen(argv, cwd=self.folder, **options)
        deadline = threading.Timer(DEADLINE_S, child.kill)
        deadline.start()
        self.children.callback(self._reap, child, deadline)
        return child

    def command(self, *words, **variables):
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "corral", *words],
            cwd=self.folder,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )

    def is_server_alive(self):
        """Tell whether the server that was started last lives."""
        pid = int(self._pids.read_text().split()[-1])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    @property
    def key_files(self):
        return list((self.folder / "cache" / "admin").glob("*.key"))

    def _reap(self, child, deadline):
        deadline.cancel()
        child.kill()
        child.wait()
        for stream in (child.stdout, child.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def place(tmp_path):
    built = Place(tmp_path)
    with built.children:
        yield built


@pytest.fixture
def serve(place):
    """Start a server of `models/`; return its child and its address, once it listens."""

    def start(*flags, fake="fake:", **variables):
        argv = [sys.executable, "-c", SERVE, "--port", "0", "--no-ui", *flags]
        child = place.start(
            argv,
            env=place.environment(fake, **variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for line in child.stdout:
            if found := re.search(r"listens on (\S+)", line):
                return child, found[1]
        return pytest.fail(child.stderr.read())

    return start


def document(done):
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_model_is_loaded_by_a_request_seen_and_unloaded(place, serve):
    _, url = serve()

    (listed,) = document(place.command("models", "--json", "--url", url))
    answer = document(place.command("run", "tiny", "hello", "--max-tokens", "3", "--json", "--url", url))
    (loaded,) = document(place.command("ps", "--json", "--url", url))
    unloaded = document(place.command("stop", "tiny", "--json", "--url", url))
    after = document(place.command("ps", "--json", "--url", url))

    assert (listed["name"], listed["state"]) == ("tiny", "unloaded")
    assert answer["usage"]["completion_tokens"] == 3
    assert (loaded["name"], loaded["state"]) == ("tiny", "ready")
    assert loaded["n_open"] == 0
    assert unloaded["state"] == "unloaded"
    assert after == []
    with pytest.raises(ProcessLookupError):
        os.kill(loaded["pid"], 0)


def test_stop_ends_the_server_in_order_and_its_key_goes(place, serve):
    child, url = serve()
    assert len(place.key_files) == 1

    done = place.command("stop", "--url", url)

    assert done.returncode == 0
    assert child.wait(DEADLINE_S) == 0
    assert place.key_files == []


def test_who_cannot_read_the_key_cannot_command(place, serve, tmp_path):
    child, url = serve()

    done = place.command("stop", "--url", url, LLAMA_CACHE=str(tmp_path / "another"))

    assert done.returncode == 1
    assert "admin key" in done.stderr
    assert child.poll() is None


def test_a_key_that_was_given_opens_with_or_without_a_file(place, serve, tmp_path):
    _, url = serve("--admin-key", "sesame", "--api-key", "ordinary")
    elsewhere = {"LLAMA_CACHE": str(tmp_path / "another")}

    by_flag = place.command("models", "--json", "--url", url, "--key", "sesame", **elsewhere)
    by_variable = place.command("ps", "--json", "--url", url, CORRAL_API_KEY="sesame", **elsewhere)
    ordinary = place.command("ps", "--url", url, "--key", "ordinary", **elsewhere)

    assert len(document(by_flag)) == 1
    assert document(by_variable) == []
    assert ordinary.returncode == 1


def test_who_follows_the_news_does_not_hold_up_the_end(place, serve):
    child, url = serve()
    key = place.key_files[0].read_text()

    with httpx.stream(
        "GET", f"{url}/admin/events", headers={"x-api-key": key}, timeout=DEADLINE_S, trust_env=False
    ) as news:
        lines = news.iter_lines()
        first = json.loads(next(lines).removeprefix("data: "))
        child.send_signal(signal.SIGTERM)
        rest = [line for line in lines if line]  # which ends whole: a server that cuts it raises here
        status = child.wait(DEADLINE_S)

    assert (first["model"], first["n"], status) == ("tiny", 0, 0)
    assert all(line.startswith("data: ") for line in rest)


def test_without_a_server_run_has_one_of_its_own(place):
    argv = [sys.executable, "-c", RUN, SERVE, "tiny", "hello", "--max-tokens", "3", "--json"]
    child = place.start(
        argv,
        env=place.environment(LLAMA_ARG_PORT=str(free_port())),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    out, errors = child.communicate(timeout=DEADLINE_S)

    assert child.returncode == 0, errors
    assert json.loads(out)["usage"]["completion_tokens"] == 3
    assert not place.is_server_alive()


@pytest.fixture
def hub():
    """Publish a model; give the variables by which it is found."""
    with running_hub() as hub:
        hub.publish("owner/name", {"small-Q8_0.gguf": bundled_model().read_bytes()})
        yield {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_good"}


def test_what_was_pulled_is_there_without_a_server(place, hub):
    nobody = f"http://127.0.0.1:{free_port()}"

    pulled = document(place.command("pull", "owner/name:Q8_0", "--json", **hub))
    listed = document(place.command("models", "--json", "--models-dir", "models", **hub))
    elsewhere = place.command("models", "--url", nobody, **hub)

    assert pulled["n_bytes"] == bundled_model().stat().st_size
    assert [model["name"] for model in listed] == ["owner/name:Q8_0", "tiny"]
    assert elsewhere.returncode == 3


def test_a_server_pulls_and_serves_at_once(place, serve, hub):
    _, url = serve(**hub)

    pulled = document(place.command("pull", "owner/name:Q8_0", "--json", "--url", url))
    answer = document(place.command("run", pulled["name"], "hi", "--max-tokens", "2", "--json", "--url", url))
    removed = document(place.command("models", "rm", pulled["name"], "--yes", "--json", "--url", url))
    left = document(place.command("models", "--json", "--url", url))

    assert pulled["name"] == "owner/name:Q8_0"
    assert answer["usage"]["completion_tokens"] == 2
    assert any(path.endswith("small-Q8_0.gguf") for path in removed["deleted"])
    assert [model["name"] for model in left] == ["tiny"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize("model", ["tiny", "models/tiny.gguf"])
def test_a_model_that_cannot_be_loaded_ends_run_with_the_reason(place, model):
    argv = [sys.executable, "-c", RUN, SERVE, "--own", model, "hello"]
    child = place.start(
        argv,
        env=place.environment("fake:load_fails=1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    out, errors = child.communicate(timeout=DEADLINE_S)

    assert (child.returncode, out) == (1, "")
    assert "asked to fail to load" in errors
    assert not place.is_server_alive()


class Terminal:
    """`corral run` in a terminal of its own."""

    def __init__(self, place, *words, fake="fake:"):
        self._master, slave = pty.openpty()
        self.child = place.start(
            [sys.executable, "-c", RUN, SERVE, "--own", *words],
            env=place.environment(fake),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(slave)
        place.children.callback(os.close, self._master)
        self.shown = ""
        self._seen = 0

    def until(self, words):
        """Read until the terminal has shown `words`, after what was waited for before."""
        while (at := self.shown.find(words, self._seen)) < 0:
            self._take(words)
        self._seen = at + len(words)

    def until_more(self, n):
        """Read until the terminal has shown `n` characters more."""
        self._seen += n
        while len(self.shown) < self._seen:
            self._take(f"{n} more")

    def type(self, text):
        os.write(self._master, text.encode())

    def end(self):
        """Return the status."""
        while self._read():
            pass
        return self.child.wait(DEADLINE_S)

    def _take(self, words):
        ready, _, _ = select.select([self._master], [], [], DEADLINE_S)
        data = self._read() if ready else b""
        assert data, f"no {words!r} in {self.shown!r}"
        self.shown += data.decode(errors="replace")

    def _read(self):
        try:
            return os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the other end any more
            return b""


def take_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_ctrl_c_stops_the_answer_and_not_the_program(place):
    terminal = Terminal(place, "tiny", fake="fake:step_ms=10")
    terminal.until("> ")
    terminal.type("talk for ever\n")
    terminal.until("\n")
    terminal.until_more(20)

    terminal.type("\x03")
    terminal.until("> ")
    terminal.type("/help\n")
    terminal.until("/system TEXT")
    terminal.until("> ")
    alive = place.is_server_alive()
    terminal.type("/exit\n")

    assert terminal.end() == 0
    assert alive
    assert not place.is_server_alive()


def test_the_progress_of_a_load_is_shown_and_ctrl_c_ends_it_and_the_server(place):
    terminal = Terminal(place, "tiny", fake="fake:load_ms=60000")
    terminal.until("Loading tiny")

    terminal.type("\x03")

    assert terminal.end() == 130
    assert not place.is_server_alive()


def test_ctrl_d_ends_the_talk_and_what_was_typed_is_found_again(place):
    terminal = Terminal(place, "tiny", "--max-tokens", "3")
    terminal.until("> ")
    terminal.type("hello there\n")
    terminal.until("> ")
    terminal.type("\x04")

    assert terminal.end() == 0
    history = place.folder / "cache" / "run_history"
    assert "hello there" in history.read_text()
    assert history.stat().st_mode & 0o077 == 0


def test_a_run_that_is_told_to_end_ends_its_server(place):
    terminal = Terminal(place, "tiny", fake="fake:step_ms=10")
    terminal.until("> ")
    terminal.type("talk for ever\n")
    terminal.until("\n")
    terminal.until_more(20)

    terminal.child.terminate()

    assert terminal.end() == 128 + signal.SIGTERM
    assert not place.is_server_alive()
