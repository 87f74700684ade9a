"""Models from a Docker registry, here a server on this machine; and starts without a network."""

from __future__ import annotations

import hashlib
import json

import pytest

from corral.catalog.cached import cached_models
from corral.catalog.docker import DockerHub
from corral.catalog.download import download
from corral.catalog.hub import Hub
from corral.catalog.quant import tag_of
from corral.catalog.source import resolve
from corral.core.errors import ModelLoadError
from corral.core.settings import ModelSettings

MODEL = b"GGUF and so on" * 100


@pytest.fixture
def publish(server):
    """Return a function that puts a model under a tag, and gives the digest of its file."""
    server.files["token"] = b'{"token": "for-reading"}'

    def put(content, *, repo="ai/small", tag="latest", digest=None, kind="application/vnd.docker.ai.gguf.v3"):
        digest = digest or f"sha256:{hashlib.sha256(content).hexdigest()}"
        layers = [
            {"mediaType": "application/vnd.docker.ai.license", "digest": "sha256:0"},
            {"mediaType": kind, "digest": digest, "size": len(content)},
        ]
        server.files[f"v2/{repo}/manifests/{tag}"] = json.dumps({"layers": layers}).encode()
        server.files[f"v2/{repo}/blobs/{digest}"] = content
        return digest

    return put


@pytest.fixture
def hub(server):
    return DockerHub(registry=server.url, auth=server.url)


def test_a_model_comes_by_its_digest_with_the_token(server, hub, publish, tmp_path):
    digest = publish(MODEL, repo="ai/smollm2", tag="135M-Q4_0")

    path = hub.fetch("smollm2:135M-Q4_0", tmp_path)

    assert path == tmp_path / "ai_smollm2_135M-Q4_0.gguf"
    assert path.read_bytes() == MODEL
    blob = server.gets[-1]
    assert blob["path"].endswith(f"/blobs/{digest}")
    assert {key.lower(): value for key, value in blob.items()}["authorization"] == "Bearer for-reading"


def test_the_owner_and_the_newest_tag_are_implied(hub, publish, tmp_path):
    publish(MODEL, repo="someone/large")

    assert hub.fetch("someone/large", tmp_path).name == "someone_large_latest.gguf"


def test_a_model_that_is_here_is_not_fetched_again(server, hub, publish, tmp_path):
    publish(MODEL)

    hub.fetch("small", tmp_path)
    hub.fetch("small", tmp_path)

    assert sum("/blobs/" in get["path"] for get in server.gets) == 1


def test_a_tag_that_moved_brings_the_new_model(hub, publish, tmp_path):
    publish(MODEL)
    hub.fetch("small", tmp_path)
    publish(b"newer")

    assert hub.fetch("small", tmp_path).read_bytes() == b"newer"


def test_a_damaged_model_is_refused_and_let_go_of(hub, publish, tmp_path):
    publish(b"something else", digest=f"sha256:{hashlib.sha256(MODEL).hexdigest()}")

    with pytest.raises(ModelLoadError, match="arrived damaged"):
        hub.fetch("small", tmp_path)

    assert not list(tmp_path.glob("*.gguf*InProgress"))
    assert not list(tmp_path.glob("*.gguf"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "application/vnd.docker.ai.mmproj"}, "holds no GGUF file"),
        ({"digest": "sha256:../../etc/passwd"}, "no sha256 digest"),
        ({"repo": "ai/other"}, "404"),
    ],
)
def test_what_is_wrong_with_an_image_is_said(hub, publish, tmp_path, fields, words):
    publish(MODEL, **fields)

    with pytest.raises(ModelLoadError, match=words):
        hub.fetch("small", tmp_path)


@pytest.mark.parametrize("name", ["", "a/b/c", "../x", "Name", "a:b:c", "a b"])
def test_names_are_checked(hub, tmp_path, name):
    with pytest.raises(ModelLoadError, match="of a Docker repository"):
        hub.fetch(name, tmp_path)


def test_no_server_is_a_sentence(tmp_path):
    with pytest.raises(ModelLoadError, match="cannot get ai/small:latest from the registry"):
        DockerHub(registry="http://127.0.0.1:9", auth="http://127.0.0.1:9").fetch("small", tmp_path)


def test_offline_uses_what_is_here_and_asks_nobody(server, hub, publish, tmp_path):
    publish(MODEL)
    path = hub.fetch("small", tmp_path)
    n_asked = len(server.gets)

    assert hub.fetch("small", tmp_path, is_offline=True) == path
    assert len(server.gets) == n_asked
    with pytest.raises(ModelLoadError, match="--offline"):
        hub.fetch("other", tmp_path, is_offline=True)


def test_offline_addresses_are_files(server, tmp_path):
    server.files["a.gguf"] = MODEL
    url = f"{server.url}/a.gguf"
    settings = ModelSettings(url=url, cache_dir=str(tmp_path), is_offline=True)

    with pytest.raises(ModelLoadError, match="start once without --offline"):
        resolve(settings)
    download(url, tmp_path / "a.gguf")
    server.is_down = True

    assert resolve(settings).path == tmp_path / "a.gguf"


def test_offline_repositories_come_from_the_cache(fake_hub, tmp_path):
    fake_hub.publish("owner/name", {"a-Q8_0.gguf": MODEL})
    options = {"endpoint": fake_hub.url, "cache_dir": tmp_path}
    offline = Hub(is_offline=True, **options)

    for file in (None, "a-Q8_0.gguf"):
        with pytest.raises(ModelLoadError, match="start once without --offline"):
            offline.fetch("owner/name", file)
    Hub(**options).fetch("owner/name")
    n_asked = len(fake_hub.seen)

    assert Hub(is_offline=True, **options).fetch("owner/name:Q8_0").name == "a-Q8_0.gguf"
    assert len(fake_hub.seen) == n_asked


def test_the_cache_is_listed_as_it_can_be_asked_for(fake_hub, hub, publish, tmp_path):
    hub_folder, folder = tmp_path / "hub", tmp_path / "files"
    for name in ("a-Q8_0.gguf", "a-Q4_K_M.gguf", "mmproj-a-F16.gguf"):
        fake_hub.publish("owner/name", {name: MODEL})
        Hub(endpoint=fake_hub.url, cache_dir=hub_folder).fetch("owner/name", name)
    publish(MODEL)
    hub.fetch("small", folder)
    (folder / "stranger.gguf").touch()

    listed = cached_models(folder, hub_folder)

    assert listed == ["owner/name:Q4_K_M", "owner/name:Q8_0", str(folder / "ai_small_latest.gguf")]
    assert cached_models(tmp_path / "none", tmp_path / "nothing") == []


@pytest.mark.parametrize(
    ("file", "tag"),
    [
        ("a-1.5B-instruct-q4_k_m.gguf", "Q4_K_M"),
        ("sub/b.IQ2_XS.gguf", "IQ2_XS"),
        ("c-BF16-00001-of-00002.gguf", "BF16"),
        ("model.gguf", None),
        ("qwen2.gguf", None),
    ],
)
def test_the_quantization_stands_in_the_name(file, tag):
    assert tag_of(file) == tag
