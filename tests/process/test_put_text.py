"""`PUT /put/text` on a whole server over the fake runner: who answered, and what comes when nobody can."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time

import httpx
import pytest

from tests.process.many_server import fake_server
from tests.process.test_http import Server

LIST = [{"role": "user", "content": "hi"}]
SHORT = {"max_gen_len": 4}
CRASH_MESSAGE = "broke down"


def put(server, model="a", **query):
    return server.http.put("/put/text", params={"model": model, **query}, json=LIST)


def test_the_worker_is_the_process_of_the_engine_also_after_a_restart(tmp_path):
    with fake_server(tmp_path, a="fake:") as server:
        first = put(server, **SHORT).json()["worker_id"]
        pid = server.view("a")["pid"]
        os.kill(pid, signal.SIGKILL)
        while server.view("a")["pid"] == pid:  # until the gateway has heard of it
            pass
        second = put(server, **SHORT).json()["worker_id"]
        new_pid = server.view("a")["pid"]

    assert first == pid
    assert second == new_pid != pid


def test_each_model_has_a_worker_of_its_own(tmp_path):
    with fake_server(tmp_path, a="fake:", b="fake:") as server:
        ids = {put(server, name, **SHORT).json()["worker_id"] for name in ("a", "b", "a")}
        pids = {server.view(name)["pid"] for name in ("a", "b")}

    assert ids == pids


def test_latency_is_measured_in_seconds_by_the_server(tmp_path):
    with fake_server(tmp_path, a="fake:step_ms=20") as server:
        put(server, **SHORT)  # it loads
        begun_s = time.monotonic()
        latency_s = put(server, max_gen_len=20).json()["latency"]
        whole_s = time.monotonic() - begun_s

    assert 20 * 0.020 <= latency_s <= whole_s


def test_an_answer_without_a_limit_ends_where_the_context_does(tmp_path):
    with fake_server(tmp_path, "-np", "1", "-c", "256", a="fake:") as server:
        answer, bounded = put(server), put(server, max_gen_len=10**9)

    assert answer.status_code == bounded.status_code == 200
    assert 0 < len(answer.json()["choices"]["content"]) < 256


@pytest.mark.parametrize("shift", ["--context-shift", "--no-context-shift"])
def test_a_chat_longer_than_the_context_is_400_with_figures(tmp_path, shift):
    long = [{"role": "user", "content": "word " * 200}]

    with fake_server(tmp_path, "-np", "1", "-c", "256", shift, a="fake:") as server:
        reply = server.http.put("/put/text", params={"model": "a"}, json=long)
        after = put(server, **SHORT)

    error = reply.json()["error"]
    assert reply.status_code == 400
    assert error["n_prompt_tokens"] > 1000
    assert error["n_ctx"] == 256
    assert str(error["n_prompt_tokens"]) in error["message"]
    assert after.status_code == 200


def test_a_crash_in_the_midst_of_an_answer_is_503_and_the_next_one_is_served(tmp_path):
    with fake_server(tmp_path, a="fake:crash_after=5") as server:
        crashed = put(server, max_gen_len=100)
        after = put(server, max_gen_len=2)

    assert crashed.status_code == 503
    assert CRASH_MESSAGE in crashed.json()["error"]["message"]
    assert int(crashed.headers["retry-after"]) >= 1
    assert after.status_code == 200


def test_a_killed_engine_is_503_too(tmp_path):
    with fake_server(tmp_path, a="fake:step_ms=20") as server:
        pid = put(server, **SHORT).json()["worker_id"]
        answers = []
        asker = threading.Thread(target=lambda: answers.append(put(server)))
        asker.start()
        while not server.view("a")["n_open"]:
            pass
        os.kill(pid, signal.SIGKILL)
        asker.join()

    assert answers[0].status_code == 503
    assert int(answers[0].headers["retry-after"]) >= 1


def test_a_full_queue_is_503_with_a_time(tmp_path):
    flags = ("-np", "1", "-c", "65536", "--max-queue", "0")

    with fake_server(tmp_path, *flags, a="fake:step_ms=20") as server:
        put(server, **SHORT)
        with server.stream("a", max_tokens=100_000) as events:
            next(events)
            refused = put(server)

    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1


def test_while_the_only_model_loads_it_is_503_with_a_time():
    server = Server("fake:load_ms=60000")
    with contextlib.closing(server):
        lines = iter(server._process.stdout)
        address = next(found[1] for line in lines if (found := re.search(r"listens on (\S+)", line)))

        reply = httpx.put(f"{address}/put/text", json=LIST)

    assert (reply.status_code, reply.json()["error"]["message"]) == (503, "Loading model")
    assert int(reply.headers["retry-after"]) >= 1


def test_a_client_that_leaves_frees_its_slot(tmp_path):
    with fake_server(tmp_path, "-np", "1", "-c", "65536", a="fake:step_ms=20") as server:
        put(server, **SHORT)
        for _ in range(3):
            with contextlib.suppress(httpx.ReadTimeout):
                server.http.put("/put/text", params={"model": "a"}, json=LIST, timeout=0.3)
        after = put(server, **SHORT)

    assert after.status_code == 200
