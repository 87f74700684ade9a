import json

import pytest

from corral.catalog.progress import Arrival
from corral.cli.pull import main
from corral.core.errors import ModelLoadError


@pytest.fixture
def downloads(monkeypatch, tmp_path):
    """Play the downloads of this machine: give the file that is pulled."""
    path = tmp_path / "it's here.gguf"
    asked = []

    def pull(source, settings, progress):
        asked.append((source, settings))
        if source == "owner/none":
            raise ModelLoadError("there is no repository owner/none")
        progress(Arrival(path.name, 5, 10))
        path.write_bytes(b"0123456789")
        return [path]

    monkeypatch.setattr("corral.cli.pull.pull", pull)
    return asked


@pytest.mark.usefixtures("downloads")
def test_a_pull_tells_where_the_model_is_and_how_to_serve_it(played, tmp_path, capsys):
    assert main(["owner/name:Q8_0"]) == 0

    out = capsys.readouterr().out
    assert f"owner/name:Q8_0 is here, 10 B: {tmp_path}" in out
    assert "corral serve -m '" in out  # quoted, as a shell needs it
    assert played.asked == []


@pytest.mark.usefixtures("played")
def test_it_goes_where_corral_serve_looks(downloads, tmp_path):
    main(["owner/name"])

    ((source, settings),) = downloads
    assert source == "owner/name"
    assert settings.cache_dir == str(tmp_path / "cache")


@pytest.mark.usefixtures("played", "downloads")
def test_programs_get_one_document(tmp_path, capsys):
    assert main(["owner/name", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {
        "source": "owner/name",
        "files": [str(tmp_path / "it's here.gguf")],
        "n_bytes": 10,
    }


@pytest.mark.usefixtures("played", "downloads")
def test_what_is_not_there_is_told_in_a_sentence(capsys):
    assert main(["owner/none"]) == 1

    assert capsys.readouterr().err == "error: there is no repository owner/none\n"


def test_a_server_that_is_named_pulls_by_itself(played, downloads, capsys):
    played.answers["POST /admin/pull"] = [
        {"download": {"n": 1, "model": "owner/name", "state": "downloading", "progress": 0.5}},
        {"model": {"name": "owner/name:Q8_0", "state": "unloaded", "n_bytes": 1024}},
    ]

    assert main(["owner/name", "--url", "http://box:1"]) == 0
    out, err = capsys.readouterr()
    assert out == "owner/name:Q8_0 is at the server, 1.0 KiB.\n"
    assert err == "Downloading owner/name\n"
    assert downloads == []


@pytest.mark.usefixtures("downloads")
def test_a_server_that_ends_in_the_midst_is_an_error(played, capsys):
    played.answers["POST /admin/pull"] = []

    assert main(["owner/name", "--url", "http://box:1"]) == 1
    assert "ended before" in capsys.readouterr().err
