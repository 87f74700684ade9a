"""Models as llama-api loads them: on demand, one or several at once, unloaded for each other."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.model.folder_server import FolderServer, is_alive, lay_out, until

NAMES = ["orca_mini_3b", "second", "third"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return lay_out(tmp_path_factory.mktemp("loading"))


@pytest.fixture
def serve(folder):
    """Return a function that starts a server with so many workers."""
    started = []

    def start(n_workers, *flags):
        server = FolderServer(folder, "--definitions", "model_definitions.py", "-w", str(n_workers), *flags)
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture(scope="module")
def one_worker(folder):
    server = FolderServer(folder, "--definitions", "model_definitions.py", "-w", "1")
    yield server
    server.close()


def rss_bytes(pid):
    """Return the memory of a process, 0 when there is none."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_nothing_is_loaded_until_a_request_wants_it_and_then_it_stays(serve):
    server = serve(1)

    before = server.state("orca_mini_3b")
    server.complete("orca_mini_3b")
    pid = server.view("orca_mini_3b")["pid"]
    server.post(
        "/v1/chat/completions", {"model": "orca_mini_3b", "messages": [{"role": "user", "content": "a"}]}
    )

    assert (before, server.state("orca_mini_3b"), server.state("second")) == ("unloaded", "ready", "unloaded")
    assert server.view("orca_mini_3b")["pid"] == pid


def test_with_one_worker_the_idle_model_makes_way_and_its_memory_is_back(one_worker):
    one_worker.complete("orca_mini_3b")
    pid = one_worker.view("orca_mini_3b")["pid"]
    taken_bytes = rss_bytes(pid)

    one_worker.complete("second")

    assert taken_bytes > 4 * 2**20  # its weights at least
    assert not is_alive(pid)
    assert rss_bytes(pid) == 0
    assert [one_worker.state(name) for name in NAMES] == ["unloaded", "ready", "unloaded"]


def test_a_model_that_is_unloaded_by_hand_gives_its_memory_back(one_worker):
    one_worker.complete("third")
    pid = one_worker.view("third")["pid"]

    one_worker.post("/models/unload", {"model": "third"})

    assert not is_alive(pid)
    assert one_worker.view("third")["pid"] is None


def test_with_one_worker_requests_for_several_models_are_all_answered(one_worker):
    with ThreadPoolExecutor(9) as pool:
        replies = list(pool.map(one_worker.complete, NAMES * 3))

    assert [reply["model"] for reply in replies] == NAMES * 3
    assert len({reply["choices"][0]["text"] for reply in replies}) == 1  # the same weights thrice


def test_with_two_workers_two_models_answer_at_the_same_time(serve):
    server = serve(2)

    with server.streaming("orca_mini_3b") as one, server.streaming("second") as other:
        pieces = [next(lines) for lines in [one, other] * 3]
        pids = {server.view(name)["pid"] for name in NAMES[:2]}

    assert all(piece.startswith("data: ") for piece in pieces if piece)
    assert len(pids) == 2


def test_with_two_workers_a_third_model_takes_the_place_of_the_one_used_longest_ago(serve):
    server = serve(2)
    for name in (*NAMES[:2], NAMES[0]):
        server.complete(name)
    pid = server.view(NAMES[0])["pid"]

    server.complete("third")

    assert [server.state(name) for name in NAMES] == ["ready", "unloaded", "ready"]
    assert server.view(NAMES[0])["pid"] == pid


def test_requests_for_one_model_run_together_in_its_slots(one_worker):
    with one_worker.streaming("orca_mini_3b"), one_worker.streaming("orca_mini_3b"):
        assert one_worker.n_busy("orca_mini_3b") == 2


def test_a_request_beyond_the_slots_of_its_model_waits_for_one(serve):
    server = serve(1, "--parallel", "2")

    with ThreadPoolExecutor(1) as pool, server.streaming("second"):
        with server.streaming("second"):
            third = pool.submit(server.text_of, "second")
            until(lambda: server.view("second")["n_open"] == 3)
            is_early = third.done()
        text = third.result()

    assert (is_early, text != "") == (False, True)


def test_an_unknown_model_is_404_and_those_that_exist_are_named(one_worker):
    bodies = {
        "/v1/completions": {"prompt": "a"},
        "/v1/chat/completions": {"messages": [{"role": "user", "content": "a"}]},
        "/v1/embeddings": {"input": "a"},
    }

    for path, body in bodies.items():
        reply = one_worker.http.post(path, json={"model": "orca_mini_13b", **body})
        error = reply.json()["error"]

        assert (reply.status_code, error["code"], error["type"]) == (404, 404, "not_found_error")
        assert "'orca_mini_13b' does not exist" in error["message"]
        assert "orca_mini_3b, orca_mini_7b, robin, second, third" in error["message"]


def test_a_client_that_goes_away_frees_its_slot(one_worker):
    with one_worker.streaming("orca_mini_3b"):
        assert one_worker.view("orca_mini_3b")["n_open"] == 1

    until(lambda: one_worker.view("orca_mini_3b")["n_open"] == 0)
    until(lambda: one_worker.n_busy("orca_mini_3b") == 0)


def test_a_client_that_goes_away_before_its_whole_answer_frees_its_slot(one_worker):
    one_worker.complete("orca_mini_3b")

    with one_worker.asked("orca_mini_3b"):
        until(lambda: one_worker.n_busy("orca_mini_3b") == 1)

    until(lambda: one_worker.n_busy("orca_mini_3b") == 0)


def test_a_client_that_goes_away_while_its_model_waits_for_room_wants_it_no_longer(one_worker):
    with one_worker.streaming("orca_mini_3b"):
        with one_worker.asked("second"):
            until(lambda: one_worker.state("second") == "waiting")
        until(lambda: one_worker.state("second") == "unloaded")

        assert one_worker.view("second")["n_open"] == 0
        assert one_worker.view("orca_mini_3b")["n_open"] == 1


def test_a_client_that_goes_away_while_its_model_loads_leaves_nothing_behind(serve):
    server = serve(1)
    held = server.spare_pid()
    os.kill(held, signal.SIGSTOP)  # the process that is to load it

    with server.asked("orca_mini_3b"):
        until(lambda: server.view("orca_mini_3b")["pid"] == held)
    until(lambda: server.view("orca_mini_3b")["n_open"] == 0)
    os.kill(held, signal.SIGCONT)

    assert server.text_of("second")
    assert not is_alive(held)
