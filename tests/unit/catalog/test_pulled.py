"""What downloads left on this machine can be named, found and removed again."""

from __future__ import annotations

import os

import pytest

from corral.catalog.download import download, partial_path
from corral.catalog.hub import Hub
from corral.catalog.pulled import pulled_model, pulled_models
from corral.catalog.receipt import Receipt, receipt_path, write_receipt
from corral.catalog.removal import remove
from corral.catalog.turn import lock_path, turn
from corral.core.errors import InternalError, ModelLoadError, NotFoundError


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "hub"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


@pytest.fixture
def fetch(fake_hub, cache):
    """Return a function that publishes files of owner/name and fetches them."""

    def get(*names, repo="owner/name"):
        for name in names:
            fake_hub.publish(repo, {name: f"{repo} {name}".encode()})
        hub = Hub(endpoint=fake_hub.url, cache_dir=cache)
        return [hub.fetch(repo, name) for name in names]

    return get


def names_of(folder, cache):
    return [model.name for model in pulled_models(folder, cache)]


def test_models_of_the_hub_have_the_names_that_serve_takes(fetch, folder, cache):
    q4, q8, projector, _, single = (
        *fetch("a-Q4_K_M.gguf", "a-Q8_0.gguf", "mmproj-a-F16.gguf", "imatrix.gguf"),
        *fetch("model.gguf", repo="owner/single"),
    )

    models = pulled_models(folder, cache)

    assert [(model.name, model.aliases, model.path) for model in models] == [
        ("owner/name:Q4_K_M", ("owner/name",), q4),
        ("owner/name:Q8_0", (), q8),
        ("owner/single", (), single),
    ]
    assert models[0].settings.path == str(q4)
    assert models[0].settings.projector_path == str(projector)
    assert models[2].settings.projector_path is None


def test_two_models_of_one_quantization_have_different_names(fetch, fake_hub, folder, cache):
    fetch("a-Q8_0.gguf", "sub/b-Q8_0.gguf")
    hub = Hub(endpoint=fake_hub.url, cache_dir=cache)

    models = pulled_models(folder, cache)

    assert [model.name for model in models] == ["owner/name:Q8_0", "owner/name:b-Q8_0"]
    assert [hub.fetch(model.name) for model in models] == [model.path for model in models]


def test_an_older_version_s_files_are_still_there(fetch, folder, cache):
    fetch("a-Q4_K_M.gguf")
    fetch("a-Q8_0.gguf")

    assert names_of(folder, cache) == ["owner/name:Q4_K_M", "owner/name:Q8_0"]


def test_a_model_without_all_parts_is_none(fetch, folder, cache):
    first, _ = fetch("a-F16-00001-of-00002.gguf", "a-F16-00002-of-00002.gguf")
    assert names_of(folder, cache) == ["owner/name:F16"]

    first.with_name("a-F16-00002-of-00002.gguf").unlink()

    assert first.is_file()
    assert names_of(folder, cache) == []


def test_files_of_addresses_and_images_are_known_by_their_receipts(folder, cache):
    folder.mkdir()
    for name, url in {
        "a.gguf": "http://127.0.0.1/a.gguf",
        "ai_small_135M-Q4_0.gguf": f"http://127.0.0.1/v2/ai/small/blobs/sha256:{'0' * 64}",
        "b-Q8_0-00001-of-00001.gguf": "http://127.0.0.1/b",
    }.items():
        (folder / name).touch()
        write_receipt(folder / name, Receipt(url))
    (folder / "stranger.gguf").touch()

    assert names_of(folder, cache) == ["a", "ai/small:135M-Q4_0", "b-Q8_0"]


def test_a_model_is_found_by_the_file_that_pull_gave(fetch, folder, cache):
    (file,) = fetch("a-Q8_0.gguf")

    assert pulled_model(file, folder, cache).name == "owner/name:Q8_0"
    assert pulled_model(folder / "none.gguf", folder, cache) is None


def test_a_download_goes_with_all_that_belongs_to_it(server, folder):
    parts = [f"a-0000{number}-of-00002.gguf" for number in (1, 2)]
    for name in (*parts, "b.gguf"):
        server.files[name] = name.encode()
        download(f"{server.url}/{name}", folder / name)
    partial_path(folder / parts[1]).write_bytes(b"half")
    n_receipt_bytes = sum(receipt_path(folder / name).stat().st_size for name in parts)

    removed = remove(folder / parts[0])

    assert sorted(path.name for path in folder.iterdir()) == ["b.gguf", "b.gguf.json"]
    assert removed.n_bytes == 2 * len(parts[0]) + len(b"half") + n_receipt_bytes
    assert folder / parts[1] in removed.paths


def test_a_link_goes_and_its_file_stays(tmp_path, folder):
    folder.mkdir()
    (tmp_path / "kept.gguf").write_bytes(b"kept")
    (folder / "a.gguf").symlink_to(tmp_path / "kept.gguf")

    removed = remove(folder / "a.gguf")

    assert removed == ([folder / "a.gguf"], 0)
    assert (tmp_path / "kept.gguf").read_bytes() == b"kept"


def test_a_folder_goes_and_what_it_links_to_stays(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_bytes(b"kept")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.safetensors").write_bytes(b"weights")
    (tmp_path / "model" / "link").symlink_to(tmp_path / "kept")

    removed = remove(tmp_path / "model")

    assert removed == ([tmp_path / "model"], len(b"weights"))
    assert (tmp_path / "kept" / "file").read_bytes() == b"kept"


def test_one_quantization_goes_and_the_others_stay(fetch, folder, cache):
    q4, q8 = fetch("a-Q4_K_M.gguf", "a-Q8_0.gguf")
    blob, n_bytes = q4.resolve(), q4.stat().st_size

    removed = remove(q4)

    assert removed.n_bytes == n_bytes
    assert set(removed.paths) == {q4, blob}
    assert not blob.exists()
    assert q8.is_file()
    assert names_of(folder, cache) == ["owner/name:Q8_0"]


def test_a_blob_that_another_name_links_to_stays(fetch, fake_hub, cache):
    q4, _ = fetch("a-Q4_K_M.gguf", "a-Q8_0.gguf")
    fake_hub.publish("owner/name", {"same.gguf": q4.read_bytes()})
    same = Hub(endpoint=fake_hub.url, cache_dir=cache).fetch("owner/name", "same.gguf")

    removed = remove(q4)

    assert removed.n_bytes == 0
    assert same.read_bytes() == b"owner/name a-Q4_K_M.gguf"


def test_the_last_model_takes_its_repository_along(fetch, folder, cache):
    q4, _ = fetch("a-Q4_K_M.gguf", "mmproj-a-F16.gguf")
    fetch("other.gguf", repo="owner/other")

    removed = remove(q4)

    assert removed.n_bytes == len(b"owner/name a-Q4_K_M.gguf" + b"owner/name mmproj-a-F16.gguf")
    assert not (cache / "models--owner--name").exists()
    assert not (cache / ".locks" / "models--owner--name").exists()
    assert names_of(folder, cache) == ["owner/other"]


def test_another_program_s_files_of_the_repository_stay(fetch):
    q4, weights = fetch("a-Q4_K_M.gguf", "model.safetensors")

    remove(q4)

    assert not q4.exists()
    assert weights.is_file()


def test_a_link_out_of_the_cache_goes_and_its_file_stays(fetch, tmp_path):
    q4, q8 = fetch("a-Q4_K_M.gguf", "a-Q8_0.gguf")
    (tmp_path / "mine.gguf").write_bytes(b"mine")
    q4.unlink()
    q4.symlink_to(tmp_path / "mine.gguf")

    removed = remove(q4)

    assert removed == ([q4], 0)
    assert (tmp_path / "mine.gguf").read_bytes() == b"mine"
    assert q8.is_file()


def test_a_linked_snapshot_is_not_followed(fetch, tmp_path):
    q4, q8 = fetch("a-Q4_K_M.gguf", "a-Q8_0.gguf")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a-Q4_K_M.gguf").write_bytes(b"mine")
    (q4.parent.parent / ("f" * 40)).symlink_to(tmp_path / "elsewhere")

    remove(q4)

    assert not q4.exists()
    assert (tmp_path / "elsewhere" / "a-Q4_K_M.gguf").read_bytes() == b"mine"
    assert q8.is_file()


def test_what_is_being_downloaded_is_not_removed(folder):
    folder.mkdir()
    (folder / "a.gguf").write_bytes(b"model")

    with (
        turn(lock_path(folder / "a.gguf"), pytest.fail),
        pytest.raises(ModelLoadError, match=r"a\.gguf is being downloaded"),
    ):
        remove(folder / "a.gguf")

    assert (folder / "a.gguf").is_file()


def test_what_is_not_there_is_said(folder):
    with pytest.raises(NotFoundError, match="there is no model file"):
        remove(folder / "a.gguf")


@pytest.mark.skipif(os.getuid() == 0, reason="root may remove anything; run as another user")
def test_what_the_system_refuses_is_said(folder):
    folder.mkdir()
    (folder / "a.gguf").touch()
    folder.chmod(0o500)

    with pytest.raises(InternalError, match="cannot remove"):
        remove(folder / "a.gguf")
