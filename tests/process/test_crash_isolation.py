"""What clients see over HTTP when the engine of one of several models breaks down."""

import os
import signal
import threading

import pytest

from tests.process.many_server import fake_server

SLOW = "fake:step_ms=20"
WIDE = ("-np", "2", "-c", "4096")


def test_a_killed_engine_ends_its_stream_with_an_error_and_the_model_answers_again(tmp_path):
    with fake_server(tmp_path, *WIDE, a=SLOW) as server, server.stream("a") as events:
        next(events)
        os.kill(server.view("a")["pid"], signal.SIGKILL)
        *_, last = events
        again = server.complete("a")

    assert last["error"]["code"] == 503
    assert "SIGKILL" in last["error"]["message"]
    assert "is being restarted" in last["error"]["message"]
    assert again.status_code == 200


def test_the_streams_of_other_models_see_nothing_of_it(tmp_path):
    with (
        fake_server(tmp_path, *WIDE, a=SLOW, b=SLOW) as server,
        server.stream("b", max_tokens=60) as others,
        server.stream("a") as events,
    ):
        next(others)
        next(events)
        pid = server.view("b")["pid"]
        os.kill(server.view("a")["pid"], signal.SIGKILL)
        rest = list(others)
        list(events)

        assert not any("error" in event for event in rest)
        assert rest[-1]["choices"][0]["finish_reason"] == "length"
        assert server.view("b")["pid"] == pid


def test_requests_that_come_while_the_engine_restarts_wait_for_it(tmp_path):
    with (
        fake_server(tmp_path, *WIDE, a="fake:step_ms=20,load_ms=300") as server,
        server.stream("a") as events,
    ):
        next(events)
        os.kill(server.view("a")["pid"], signal.SIGKILL)
        list(events)
        answers = []
        askers = [threading.Thread(target=lambda: answers.append(server.complete("a"))) for _ in range(4)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()

    assert [answer.status_code for answer in answers] == [200] * 4


@pytest.mark.parametrize("spare", ["--spare-engine", "--no-spare-engine"])
def test_a_model_that_crashes_three_loads_in_a_row_is_in_quarantine_and_says_why(tmp_path, spare):
    with fake_server(tmp_path, *WIDE, spare, a="fake:load_crashes=1", b="fake:") as server:
        tries = [server.complete("a") for _ in range(3)]
        refused = server.complete("a")
        shown, view = server.shown("a"), server.view("a")
        other = server.complete("b")

    assert all("broke down while loading (exit status 139)" in answer.text for answer in tries)
    assert refused.status_code == 503
    assert "could not be loaded 3 times in a row" in refused.json()["error"]["message"]
    assert view["state"] == "quarantined"
    assert "exit status 139" in view["reason"]
    assert "exit status 139" in str(shown["status"])
    assert other.status_code == 200


def test_a_mended_model_is_loaded_out_of_quarantine_by_an_administrator(tmp_path):
    with fake_server(tmp_path, *WIDE, a="fake:load_crashes=1") as server:
        for _ in range(3):
            server.complete("a")
        (tmp_path / "a.fake").write_text("fake:")
        loaded = server.http.post("/admin/models/a/load", json={})
        again = server.complete("a")

    assert loaded.json()["state"] == "ready"
    assert again.status_code == 200


@pytest.mark.parametrize("n_decodes", [1, 5])
def test_a_request_that_was_there_at_two_crashes_is_refused_the_third_time(tmp_path, n_decodes):
    with fake_server(tmp_path, *WIDE, a=f"fake:crash_after={n_decodes}") as server:
        crashed = [server.complete("a", prompt="poison", max_tokens=50) for _ in range(2)]
        third = server.complete("a", prompt="poison", max_tokens=50)

    assert [answer.status_code for answer in crashed] == [503, 503]
    assert third.status_code == 400
    assert "running both times" in third.json()["error"]["message"]


def test_who_did_not_run_at_the_crashes_is_served(tmp_path):
    with fake_server(tmp_path, *WIDE, a="fake:crash_after=5") as server:
        for _ in range(2):
            server.complete("a", prompt="poison", max_tokens=50)
        other = server.complete("a", prompt="harmless", max_tokens=2)

    assert other.status_code == 200
