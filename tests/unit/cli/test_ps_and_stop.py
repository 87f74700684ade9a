import json
import re

import pytest

from corral.cli import ps, stop


@pytest.mark.usefixtures("played")
def test_ps_shows_what_is_loaded_and_nothing_else(capsys):
    assert ps.main([]) == 0

    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["NAME", "STATE", "MEMORY", "BUSY", "LEAVES", "IN", "PINNED", "PID"]
    assert re.split(r"  +", row) == ["owner/big:Q4_K_M", "ready", "9.0 GiB", "2", "1 min 5 s", "yes", "4711"]


@pytest.mark.usefixtures("played")
def test_ps_prints_one_document_for_programs(capsys):
    assert ps.main(["--json"]) == 0

    (view,) = json.loads(capsys.readouterr().out)
    assert (view["name"], view["n_open"], view["rss_bytes"]) == ("owner/big:Q4_K_M", 2, 9 * 2**30)


def test_ps_of_a_server_without_loaded_models_says_so(played, capsys):
    played.answers["GET /admin/models"] = {"models": []}

    assert ps.main([]) == 0
    assert "No model is in memory" in capsys.readouterr().err


@pytest.mark.usefixtures("played")
def test_ps_cannot_watch_and_print_one_document(capsys):
    assert ps.main(["--watch", "--json"]) == 1
    assert "--watch" in capsys.readouterr().err


@pytest.mark.parametrize("main", [ps.main, stop.main])
def test_without_a_server_they_end_with_status_3(played, capsys, main):
    played.silent()
    played.answers["POST /admin/stop"] = played.answers["GET /admin/models"]

    assert main([]) == 3
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_stop_with_a_name_unloads_the_model(played, capsys):
    played.answers["POST /admin/models/big/unload"] = {"name": "owner/big:Q4_K_M", "state": "unloaded"}

    assert stop.main(["big", "--within", "1.5"]) == 0
    assert played.body() == {"within_s": 1.5}
    assert capsys.readouterr().out == "owner/big:Q4_K_M is unloaded.\n"


def test_stop_without_a_name_ends_the_server(played, capsys):
    played.answers["POST /admin/stop"] = {"stopping": True}

    assert stop.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"url": "http://127.0.0.1:8080", "stopping": True}


@pytest.mark.parametrize("words", [["--within", "-1", "big"], ["--within", "nan", "big"], ["a", "b"]])
def test_stop_refuses_other_words(words):
    with pytest.raises(SystemExit) as ended:
        stop.main(words)

    assert ended.value.code == 2


def test_ps_watches_until_ctrl_c(played, monkeypatch, capsys):
    monkeypatch.setattr("corral.cli.ps.EVERY_S", 0.0)
    seen = [played.answers["GET /admin/models"], {"models": []}, KeyboardInterrupt()]
    rest = iter(seen)
    played.answers["GET /admin/models"] = lambda: next(rest)

    assert ps.main(["--watch"]) == 0
    assert "NAME" in capsys.readouterr().out
    assert len(played.asked) == 3
