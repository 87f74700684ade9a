"""Repositories are read through the hub's own library, here from a server on this machine."""

from __future__ import annotations

import pytest

from corral.catalog.hub import Hub
from corral.core.errors import ModelLoadError


@pytest.fixture
def hub(server, tmp_path):
    for name in ("a-Q4_K_M.gguf", "a-Q8_0.gguf", "b-F16-00001-of-00002.gguf", "b-F16-00002-of-00002.gguf"):
        server.files[f"owner/name/resolve/main/{name}"] = name.encode()
    return Hub("secret", endpoint=server.url, cache_dir=tmp_path)


def test_the_preferred_file_is_fetched_with_the_token(server, hub):
    told = []

    path = hub.fetch("owner/name", progress=lambda name, fraction: told.append((name, fraction)))

    assert path.read_text() == "a-Q4_K_M.gguf"
    assert server.gets[-1]["authorization"] == "Bearer secret"
    assert told[-1] == ("a-Q4_K_M.gguf", 1.0)


def test_a_tag_picks_another_file(hub):
    assert hub.fetch("owner/name:Q8_0").name == "a-Q8_0.gguf"


def test_a_file_can_be_named(hub):
    assert hub.fetch("owner/name", "a-Q8_0.gguf").name == "a-Q8_0.gguf"


def test_all_parts_of_a_model_are_fetched(hub):
    first = hub.fetch("owner/name:F16")

    assert first.name == "b-F16-00001-of-00002.gguf"
    assert first.with_name("b-F16-00002-of-00002.gguf").is_file()


def test_a_file_in_the_cache_is_not_fetched_again(server, hub):
    hub.fetch("owner/name")
    hub.fetch("owner/name")

    assert len(server.gets) == 1


@pytest.mark.parametrize("file", [None, "a-Q4_K_M.gguf"])
def test_without_a_connection_the_cache_serves(hub, tmp_path, file):
    hub.fetch("owner/name")
    cut_off = Hub(endpoint="http://127.0.0.1:1", cache_dir=tmp_path)

    assert cut_off.fetch("owner/name", file).name == "a-Q4_K_M.gguf"


@pytest.mark.parametrize(
    ("repo", "file"),
    [("owner/none", None), ("owner/none", "a.gguf"), ("owner/name", "none.gguf"), ("///", None)],
)
def test_what_is_not_there_is_a_clear_error_without_the_token(hub, repo, file):
    with pytest.raises(ModelLoadError) as caught:
        hub.fetch(repo, file)

    assert caught.value.message.startswith(f"cannot get {repo}: ")
    assert "secret" not in caught.value.message
