"""Downloads survive broken connections and notice new versions."""

from __future__ import annotations

import json

import pytest

from corral.catalog.download import download
from corral.catalog.progress import Arrival
from corral.core.errors import ModelLoadError

BODY = bytes(range(256)) * 1000


@pytest.fixture
def url(server):
    server.files["a.gguf"] = BODY
    return f"{server.url}/a.gguf"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "models" / "a.gguf"


def test_a_file_arrives_whole_with_its_receipt(server, url, target):
    told = []

    download(url, target, progress=told.append)

    assert target.read_bytes() == BODY
    assert told[0] == Arrival("a.gguf", 0, len(BODY))
    assert told[-1] == Arrival("a.gguf", len(BODY), len(BODY))
    assert json.loads((target.parent / "a.gguf.json").read_text()) == {
        "url": url,
        "etag": server.etag,
        "lastModified": "",
    }
    assert {path.name for path in target.parent.iterdir()} == {"a.gguf", "a.gguf.json"}


def test_an_unchanged_file_is_not_fetched_again(server, url, target):
    download(url, target)
    download(url, target)

    assert len(server.gets) == 1


def test_a_changed_file_is_fetched_again(server, url, target):
    download(url, target)
    server.files["a.gguf"], server.etag = b"new", '"2"'

    download(url, target)

    assert target.read_bytes() == b"new"


def test_a_file_without_a_receipt_is_the_user_s_and_stays(url, target):
    target.parent.mkdir()
    target.write_bytes(b"mine")

    download(url, target)

    assert target.read_bytes() == b"mine"


def test_a_cut_connection_is_resumed_with_growing_pauses(server, url, target):
    server.cuts = [1000, 500]
    pauses = []

    download(url, target, pause=pauses.append)

    assert target.read_bytes() == BODY
    assert [get.get("Range") for get in server.gets] == [None, "bytes=1000-", "bytes=1500-"]
    assert pauses == [2.0, 2.0]


def test_attempts_count_only_while_nothing_arrives(server, url, target):
    server.cuts = [100, 0, 100, 0, 100, 0, 100]
    pauses = []

    download(url, target, pause=pauses.append)

    assert target.read_bytes() == BODY
    assert pauses == [2.0, 4.0, 2.0, 4.0, 2.0, 4.0, 2.0]


def test_a_file_that_does_not_fit_is_not_begun(server, url, target):
    server.announced = 10**18

    with pytest.raises(
        ModelLoadError, match=r"a\.gguf needs 1,000,000,000\.0 GB of disk space, and .* free in"
    ):
        download(url, target)

    assert server.gets == []
    assert list(target.parent.iterdir()) == []


def test_a_download_goes_on_in_the_next_process(server, url, target):
    server.cuts = [1000, 0, 0]
    with pytest.raises(ModelLoadError):
        download(url, target, pause=_no_pause)

    download(url, target)

    assert target.read_bytes() == BODY
    assert server.gets[-1]["Range"] == "bytes=1000-"


def test_what_began_as_another_version_starts_anew(server, url, target):
    server.cuts = [1000, 0, 0]
    with pytest.raises(ModelLoadError):
        download(url, target, pause=_no_pause)
    server.files["a.gguf"], server.etag = b"new", '"2"'

    download(url, target)

    assert target.read_bytes() == b"new"


def test_after_three_attempts_the_reason_is_told_without_the_password(server, url, target):
    server.cuts = [0, 0, 0]

    with pytest.raises(ModelLoadError) as caught:
        download(url.replace("//", "//user:secret@"), target, pause=_no_pause)

    assert len(server.gets) == 3
    assert url in caught.value.message
    assert "secret" not in caught.value.message
    assert not target.exists()


def test_a_refusal_is_not_tried_again(server, target):
    with pytest.raises(ModelLoadError, match="404"):
        download(f"{server.url}/none.gguf", target, pause=_no_pause)


def test_without_an_answer_the_file_that_is_there_serves(server, url, target):
    download(url, target)
    server.is_down = True

    download(url, target, pause=_no_pause)

    assert target.read_bytes() == BODY


def test_a_file_from_elsewhere_is_not_replaced(server, url, target):
    download(url, target)
    server.files["b.gguf"] = b"other"

    with pytest.raises(ModelLoadError, match="was downloaded from"):
        download(f"{server.url}/b.gguf", target)


@pytest.mark.parametrize(
    "url", ["no address", "ftp://127.0.0.1/a.gguf", "http://[", "http://127.0.0.1:1/a.gguf"]
)
def test_a_wrong_address_is_a_clear_error(target, url):
    with pytest.raises(ModelLoadError, match="cannot download"):
        download(url, target, pause=_no_pause)


def _no_pause(_seconds):
    pass
