"""Repositories are read through the hub's own library, here from a server on this machine."""

from __future__ import annotations

import pytest
from huggingface_hub import constants

from corral.catalog.hub import Hub
from corral.catalog.progress import Arrival, Tally
from corral.core.errors import ModelLoadError

BODY = bytes(range(256)) * 2000


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "hub"


@pytest.fixture
def hub(fake_hub, cache):
    names = ("a-Q4_K_M.gguf", "a-Q8_0.gguf", "b-F16-00001-of-00002.gguf", "b-F16-00002-of-00002.gguf")
    fake_hub.publish("owner/name", {name: name.encode() + BODY for name in names})
    return Hub("hf_good", endpoint=fake_hub.url, cache_dir=cache, pause=lambda _seconds: None)


def test_the_preferred_file_is_fetched_and_the_token_stays_at_the_hub(fake_hub, hub):
    told = []

    path = hub.fetch("owner/name", progress=told.append)

    whole = b"a-Q4_K_M.gguf" + BODY
    assert path.read_bytes() == whole
    at_hub = [one for one in fake_hub.seen if one.server == "hub"]
    assert {one.headers.get("authorization") for one in at_hub} == {"Bearer hf_good"}
    assert [one.headers.get("authorization") for one in fake_hub.gets()] == [None]
    assert told[0] == Arrival("a-Q4_K_M.gguf", 0, len(whole))
    assert told[-1] == Arrival("a-Q4_K_M.gguf", len(whole), len(whole))


def test_a_tag_picks_another_file(hub):
    path = hub.fetch("owner/name:Q8_0")

    assert path.name == "a-Q8_0.gguf"
    assert path.read_bytes() == b"a-Q8_0.gguf" + BODY


def test_a_file_can_be_named(hub):
    assert hub.fetch("owner/name", "a-Q8_0.gguf").name == "a-Q8_0.gguf"


def test_all_parts_of_a_model_are_fetched_and_told_of_at_once(hub):
    tally, told = Tally(), []

    def progress(arrival):
        told.append(arrival)
        tally(arrival)

    first = hub.fetch("owner/name:F16", progress=progress)

    second = first.with_name("b-F16-00002-of-00002.gguf")
    assert first.name == "b-F16-00001-of-00002.gguf"
    assert {arrival.file for arrival in told[:2]} == {first.name, second.name}
    assert tally.n_bytes == tally.n_total_bytes == first.stat().st_size + second.stat().st_size
    assert tally.fraction == 1.0


def test_a_file_in_the_cache_is_not_fetched_again(fake_hub, hub, cache):
    hub.fetch("owner/name")
    Hub(endpoint=fake_hub.url, cache_dir=cache).fetch("owner/name")

    assert len(fake_hub.gets()) == 1


def test_a_new_commit_with_the_same_file_is_linked_not_fetched(fake_hub, hub, cache):
    older = hub.fetch("owner/name")
    fake_hub.publish("owner/name", {"README.md": b"new words"})

    newer = Hub(endpoint=fake_hub.url, cache_dir=cache).fetch("owner/name")

    assert newer != older
    assert newer.resolve() == older.resolve()
    assert len(fake_hub.gets()) == 1


def test_a_cut_connection_is_resumed_and_no_byte_is_sent_twice(fake_hub, hub):
    fake_hub.cuts = [100_000, 0, 200_000]

    path = hub.fetch("owner/name")

    whole = b"a-Q4_K_M.gguf" + BODY
    assert path.read_bytes() == whole
    assert [one.headers.get("range") for one in fake_hub.gets()] == [
        None,
        "bytes=100000-",
        "bytes=100000-",
        "bytes=300000-",
    ]
    assert fake_hub.n_file_bytes() == len(whole)


def test_a_download_goes_on_with_what_an_earlier_one_left(fake_hub, hub, cache):
    fake_hub.cuts = [100_000, 0, 0]
    with pytest.raises(ModelLoadError, match="the connection to the hub broke off"):
        hub.fetch("owner/name")
    assert not list(cache.rglob("*.gguf"))

    path = Hub(endpoint=fake_hub.url, cache_dir=cache).fetch("owner/name")

    assert path.read_bytes() == b"a-Q4_K_M.gguf" + BODY
    assert fake_hub.n_file_bytes() == path.stat().st_size
    assert not list(cache.rglob("*.incomplete"))


def test_a_damaged_file_is_refused_and_removed(fake_hub, hub, cache):
    fake_hub.damaged = {"a-Q4_K_M.gguf"}

    with pytest.raises(ModelLoadError, match="arrived damaged: its sha256 is"):
        hub.fetch("owner/name")

    assert not [path for path in cache.rglob("*") if path.is_file() and path.stat().st_size]


def test_a_file_longer_than_announced_is_refused_and_removed(fake_hub, hub, cache):
    fake_hub.announced = {"a-Q4_K_M.gguf": 10}

    with pytest.raises(ModelLoadError, match="bytes, not 10; try again"):
        hub.fetch("owner/name")

    assert not [path for path in cache.rglob("*") if path.is_file() and path.stat().st_size]


def test_what_does_not_fit_is_not_begun(fake_hub, hub, cache):
    fake_hub.announced = {"b-F16-00002-of-00002.gguf": 10**18}

    with pytest.raises(
        ModelLoadError, match=r"owner/name needs 1,000,000,000\.0 GB .* are free in"
    ) as caught:
        hub.fetch("owner/name:F16")

    assert str(cache) in caught.value.message
    assert fake_hub.gets() == []


@pytest.mark.parametrize("file", [None, "a-Q4_K_M.gguf"])
def test_without_a_connection_the_cache_serves(hub, cache, file):
    hub.fetch("owner/name")
    cut_off = Hub(endpoint="http://127.0.0.1:1", cache_dir=cache)

    assert cut_off.fetch("owner/name", file).name == "a-Q4_K_M.gguf"


@pytest.mark.parametrize(
    ("repo", "file", "words"),
    [
        ("owner/none", None, "the hub has no such repository, or your token may not read it"),
        ("owner/none", "a.gguf", "the hub has no such repository"),
        ("owner/name", "none.gguf", "the repository has no such file"),
        ("owner/name:Q2_K", None, "the repository has no Q2_K file, only a-Q4_K_M.gguf, a-Q8_0.gguf, b-F16"),
        ("owner/torch", None, "no GGUF file of a model, only 1 .json, 2 .safetensors"),
        ("///", None, "no owner/name"),
    ],
)
def test_what_is_not_there_is_a_sentence_without_the_token(fake_hub, hub, repo, file, words):
    fake_hub.publish("owner/torch", {"config.json": b"{}", "a.safetensors": b"a", "b.safetensors": b"b"})

    with pytest.raises(ModelLoadError) as caught:
        hub.fetch(repo, file)

    assert caught.value.message.startswith(f"cannot get {repo}: ")
    assert words in caught.value.message
    assert "hf_good" not in caught.value.message


def test_gated_and_private_repositories_ask_for_a_token(fake_hub, hub, cache):
    fake_hub.gated = {"owner/name"}
    fake_hub.private = {"owner/secret"}
    fake_hub.publish("owner/secret", {"a.gguf": BODY})
    stranger = Hub("hf_bad", endpoint=fake_hub.url, cache_dir=cache)
    nobody = Hub(endpoint=fake_hub.url, cache_dir=cache)

    with pytest.raises(ModelLoadError, match=r"it is gated: accept its conditions .* with --hf-token"):
        nobody.fetch("owner/name")
    with pytest.raises(ModelLoadError, match="it is gated, and your token has no access"):
        stranger.fetch("owner/name")
    with pytest.raises(ModelLoadError, match="or it is private: name a token with --hf-token"):
        nobody.fetch("owner/secret")
    assert hub.fetch("owner/name").is_file()
    assert hub.fetch("owner/secret").is_file()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "the token is wrong or may not read it|your token may not read it"),
        (403, r"the hub refuses it \(403\)"),
        (429, "too many requests"),
        (503, "the hub answered 503"),
    ],
)
def test_a_refusal_is_a_sentence(fake_hub, hub, status, words):
    fake_hub.status = status

    with pytest.raises(ModelLoadError, match=words):
        hub.fetch("owner/name")


def test_a_server_that_is_no_hub_is_a_sentence(server, tmp_path):
    server.files["api/models/owner/name"] = b"[1, 2]"

    with pytest.raises(ModelLoadError, match="does not answer as a hub does"):
        Hub(endpoint=server.url, cache_dir=tmp_path).fetch("owner/name")


def test_no_server_is_a_sentence(tmp_path):
    with pytest.raises(ModelLoadError, match=r"the hub cannot be reached: .*Connection refused"):
        Hub(endpoint="http://127.0.0.1:1", cache_dir=tmp_path).fetch("owner/name")


@pytest.mark.parametrize("token", ["hf_se cret", "hf_se\ncret", "hf_säcret"])
def test_what_cannot_be_a_token_is_refused_without_showing_it(token):
    with pytest.raises(ModelLoadError) as caught:
        Hub(token)

    assert "cret" not in caught.value.message


def test_a_file_that_the_hub_keeps_in_chunks_comes_by_plain_http(fake_hub, hub):
    fake_hub.xet = {"a-Q4_K_M.gguf"}

    assert hub.fetch("owner/name").read_bytes() == b"a-Q4_K_M.gguf" + BODY
    assert not [one for one in fake_hub.seen if one.path.startswith("/xet-token")]


def test_a_file_too_large_for_plain_http_is_left_to_the_library(fake_hub, hub, monkeypatch):
    fake_hub.xet = {"a-Q4_K_M.gguf"}
    monkeypatch.setattr(constants, "MAX_HTTP_DOWNLOAD_SIZE", 1000)

    with pytest.raises(ModelLoadError, match=r"cannot get owner/name: "):
        hub.fetch("owner/name")

    assert [one for one in fake_hub.seen if one.path.startswith("/xet-token")]
    assert fake_hub.gets() == []
