"""`corral models`: of a server, and of a folder where there is none."""

import io
import json
import re
import shutil

import pytest

from corral.catalog.bundled import bundled_model
from corral.cli.models import main

BOTH_NEEDS = "8.0 GiB + 1.0 GiB GPU"


@pytest.fixture
def models_dir(tmp_path):
    """A folder with one model and one broken file."""
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(bundled_model(), folder / "tiny.gguf")
    (folder / "broken.gguf").write_bytes(b"GGUF and then nothing")
    return folder


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.usefixtures("played")
def test_the_server_s_models_stand_in_a_table(capsys):
    assert main([]) == 0

    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["NAME", "SIZE", "QUANT", "CONTEXT", "STATE", "NEED"]
    assert re.split(r"  +", first) == ["owner/big:Q4_K_M *", "7.0 GiB", "Q4_K_M", "8192", "ready", BOTH_NEEDS]
    assert second.split() == ["tiny", "4.0", "MiB", "unloaded"]


@pytest.mark.usefixtures("played")
def test_the_list_is_one_document_for_programs(capsys):
    assert main(["--json"]) == 0

    assert [view["name"] for view in json.loads(capsys.readouterr().out)] == ["owner/big:Q4_K_M", "tiny"]


def test_without_a_server_the_folder_is_read(played, models_dir, capsys):
    played.silent()

    assert main(["list", "--json"]) == 0

    broken, tiny = json.loads(capsys.readouterr().out)
    assert (broken["name"], broken["state"]) == ("broken", "unusable")
    assert broken["reason"]
    assert (tiny["name"], tiny["state"], tiny["quantization"]) == ("tiny", "unloaded", "Q8_0")
    assert tiny["n_bytes"] == (models_dir / "tiny.gguf").stat().st_size
    assert tiny["need"]["host_bytes"] > tiny["n_bytes"]


def test_a_folder_that_is_named_is_read_although_there_is_a_server(played, models_dir, capsys):
    assert main(["--models-dir", str(models_dir)]) == 0

    out = capsys.readouterr().out
    assert played.asked == []
    assert "tiny" in out
    assert "broken: " in out  # and why


@pytest.mark.usefixtures("models_dir")
def test_a_server_that_is_named_must_answer(played, capsys):
    played.silent()

    assert main(["--url", "http://127.0.0.1:8080"]) == 3
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("models_dir")
def test_a_stranger_at_the_port_is_told_of_and_the_folder_is_read(played, capsys):
    played.answers.clear()

    assert main([]) == 0
    out, err = capsys.readouterr()
    assert "is no Corral server" in err
    assert "tiny" in out


@pytest.mark.usefixtures("played")
def test_a_folder_that_is_not_there_is_an_error(capsys):
    assert main(["--models-dir", "nowhere"]) == 1

    assert "nowhere" in capsys.readouterr().err


@pytest.mark.usefixtures("played")
def test_show_tells_all_that_the_header_says(models_dir, capsys):
    assert main(["show", "tiny", "--models-dir", str(models_dir)]) == 0

    out = capsys.readouterr().out
    assert "quantization" in out
    assert "layers" in out
    assert "vocabulary" in out
    assert "{%" in out  # its chat template


@pytest.mark.usefixtures("played")
def test_show_prints_the_header_for_programs(models_dir, capsys):
    assert main(["show", "--json", "--models-dir", str(models_dir), "tiny"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["header"]["architecture"] == shown["architecture"] == "llama"
    assert shown["header"]["n_ctx_train"] == shown["n_ctx_train"]


@pytest.mark.usefixtures("played")
def test_show_of_a_broken_file_tells_the_problem(models_dir, capsys):
    assert main(["show", "broken", "--models-dir", str(models_dir)]) == 0

    assert "problem" in capsys.readouterr().out


def test_show_of_the_server_s_model_asks_the_server(played, capsys):
    played.answers["GET /admin/models/big"] = played.answers["GET /admin/models"]["models"][0]

    assert main(["show", "big"]) == 0
    assert "2" in capsys.readouterr().out


@pytest.mark.usefixtures("played")
@pytest.mark.parametrize("action", ["show", "rm"])
def test_an_unknown_name_is_told_with_those_that_there_are(models_dir, capsys, action):
    assert main([action, "none", "--models-dir", str(models_dir)]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert "tiny" in err


@pytest.mark.usefixtures("played")
def test_rm_asks_and_leaves_alone(models_dir, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))

    assert main(["rm", "tiny", "--models-dir", str(models_dir)]) == 1
    assert "tiny.gguf" in capsys.readouterr().err
    assert (models_dir / "tiny.gguf").exists()


@pytest.mark.usefixtures("played")
def test_rm_asks_and_removes(models_dir, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))

    assert main(["rm", "tiny", "--models-dir", str(models_dir)]) == 0
    assert capsys.readouterr().out == f"deleted {models_dir / 'tiny.gguf'}\n"
    assert sorted(path.name for path in models_dir.iterdir()) == ["broken.gguf"]


@pytest.mark.usefixtures("played")
def test_rm_does_not_ask_where_nobody_answers(models_dir, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))

    assert main(["rm", "tiny", "--models-dir", str(models_dir)]) == 1
    assert "--yes" in capsys.readouterr().err
    assert (models_dir / "tiny.gguf").exists()


def test_rm_at_the_server_lists_what_went(played, capsys):
    played.answers["GET /admin/models/tiny"] = played.answers["GET /admin/models"]["models"][1]
    played.answers["DELETE /admin/models/tiny"] = {"model": "tiny", "deleted": ["models/tiny.gguf"]}

    assert main(["rm", "tiny", "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"model": "tiny", "deleted": ["models/tiny.gguf"]}


def test_rm_of_what_is_not_here_is_refused(played, capsys):
    played.answers["GET /admin/models/big"] = played.answers["GET /admin/models"]["models"][0]

    assert main(["rm", "big", "--yes"]) == 1
    assert "no files on this machine" in capsys.readouterr().err
