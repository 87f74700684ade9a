"""`corral bench` as a process of its own, against real servers on the fake runner."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

DEADLINE_S = 90
SERVE = """
import sys
from pathlib import Path
from corral.app.serving import serve
from corral.catalog.source import ModelSource
from corral.config.load import load

path, *flags = sys.argv[1:]
sys.exit(serve(load(flags).settings, runner="fake", find_model=lambda *_: ModelSource(Path(path), "fake")))
"""
TUNE = """
import sys
from corral.bench.arguments import build_parser
from corral.bench.tune.command import tune

serve, *words = sys.argv[1:]
try:
    tune(build_parser().parse_args(words), [sys.executable, "-c", serve, "fake:", "--no-ui"])
except KeyboardInterrupt:
    sys.exit(130)
"""


@contextlib.contextmanager
def running(*words):
    """Run Python with these words; nothing outlives the deadline or the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CORRAL_", "LLAMA_"))}
    with subprocess.Popen(
        [sys.executable, *words],
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = threading.Timer(DEADLINE_S, process.kill)
        deadline.start()
        try:
            yield process
        finally:
            deadline.cancel()
            process.kill()


@contextlib.contextmanager
def serving(*flags, path="fake:"):
    """Yield the base URL of a server on the fake runner."""
    words = ["-m", "fake", "--port", "0", "--no-ui", *flags]
    with running("-c", SERVE, path, *words) as process:
        said = ""
        while "is ready" not in said:
            line = process.stdout.readline() or pytest.fail(said + process.stderr.read())
            said += line
        yield re.search(r"http://127\.0\.0\.1:\d+", said)[0]
        process.terminate()
        process.communicate()


def bench(*words):
    """Return the exit status, standard output and standard error."""
    with running("-m", "corral.bench", *map(str, words)) as process:
        output, errors = process.communicate()
        return process.returncode, output, errors


def result_of(folder, *words):
    """Return the only run of each scenario, by the scenario's name, and what went to the terminal."""
    path = folder / "out.json"
    status, output, errors = bench(*words, "--rounds", "1", "--json", path, "--html", folder / "out.html")
    assert status == 0, errors
    results = json.loads(path.read_text())["results"]
    runs = {each["scenario"]["name"]: each["targets"][0]["runs"][0] for each in results}
    return runs, " ".join(output.split())


def test_chats_find_their_history_in_the_cache(tmp_path):
    with serving("-np", "24", "-c", "48000") as url:
        runs, _ = result_of(tmp_path, "--url", url, "--workload", "W5")

    assert runs["W5 chats"]["n_requests"] == 96
    assert runs["W5 chats"]["failures"] == {}
    assert runs["W5 chats"]["history_cached_share"] > 0.9
    assert (tmp_path / "out.html").read_text().count("<svg") == 3


def test_clients_share_a_system_prompt(tmp_path):
    with serving("-np", "32", "-c", "64000") as url:
        runs, _ = result_of(tmp_path, "--url", url, "--workload", "W4")

    assert runs["W4 1 client"]["cached_share"] < 0.01  # a first token may be the warm-up's by chance
    assert runs["W4 32 clients"]["cached_share"] > 0.9


def test_a_long_prompt_arrives_while_streams_run(tmp_path):
    with serving("-np", "5", "-c", "40000") as url:
        runs, output = result_of(tmp_path, "--url", url, "--workload", "W6")

    assert [request["n_prompt"] for request in runs["W6 long prompt"]["requests"]] == [4000]
    assert runs["W6 4 streams"]["n_failed"] == 0
    assert "W6 4 streams: gap p95 of A is" in output


def test_a_full_queue_is_counted_and_told(tmp_path):
    with serving("-np", "1", "-c", "2000", "--max-queue", "1", path="fake:step_ms=20") as url:
        runs, output = result_of(tmp_path, "--url", url, "--scenario", "6x8+4")

    run = runs["6x8+4"]
    assert run["n_refused"] == run["n_failed"] > 0
    assert len(run["requests"]) + run["n_failed"] == run["n_requests"] == 6
    assert "were refused (429 or 503)" in output


def test_a_wrong_key_is_a_sentence():
    with serving("--api-key", "sesame") as url:
        status, _, errors = bench("--url", url, "--scenario", "1x8+2", "--api-key", "wrong", "--text-prompts")

    assert status == 1
    assert errors.startswith(f"corral bench: A at {url}: the server answered 401")


def test_an_interruption_shows_what_was_measured(tmp_path):
    path = tmp_path / "out.json"
    with serving(path="fake:step_ms=1") as url:
        words = ["--url", url, "--scenario", "1x8+2", "--rounds", "100000", "--json", str(path)]
        with running("-m", "corral.bench", *words) as process:
            process.stderr.readline()  # the first round is told
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate()

    assert process.returncode == 130
    assert "1x8+2" in output
    assert json.loads(path.read_text())["n_rounds"] >= 1


def test_the_files_are_written_though_nobody_reads_the_table(tmp_path):
    path = tmp_path / "out.json"
    with serving() as url:
        words = ["--url", url, "--scenario", "1x8+2", "--rounds", "1", "--json", str(path)]
        with running("-m", "corral.bench", *words) as process:
            process.stdout.close()
            process.wait()

    assert json.loads(path.read_text())["n_rounds"] == 1


def test_tuning_tells_what_it_has_when_its_time_is_over(tmp_path):
    path = tmp_path / "tuned.json"
    words = ["--tune", "fake", "--tune-minutes", "0.0001", "--rounds", "1", "--tune-flags", "--max-queue 64"]
    with running("-c", TUNE, SERVE, *words, "--json", str(path)) as process:
        output, errors = process.communicate()

    assert process.returncode == 0, errors
    assert "the server's own choice" in output
    assert "threads: not every candidate was measured, so none is recommended." in output
    assert output.splitlines()[-1] == "Use: corral serve -m fake --max-queue 64"
    found = json.loads(path.read_text())
    assert found["served"] == ["-m", "fake", "--max-queue", "64"]
    assert found["flags"] == {}
    assert found["results"][0]["taken"] is None
    assert len(found["results"][0]["trials"][0]["values"]) == 1


def test_an_interrupted_search_tells_what_it_found():
    with running("-c", TUNE, SERVE, "--tune", "fake", "--rounds", "1") as process:
        process.stderr.readline()  # the first candidate is told
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate()

    assert process.returncode == 130
    assert "Use: corral serve -m fake" in output


def test_a_model_that_cannot_be_served_is_a_sentence(tmp_path):
    status, output, errors = bench("--tune", tmp_path / "missing.gguf")

    assert (status, output) == (1, "")
    assert errors.startswith("corral bench: A server ended with status")
    assert "missing.gguf" in errors
