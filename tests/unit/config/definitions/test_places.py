"""Where the file of a declared model is looked for."""

from __future__ import annotations

import pytest

from corral.config.definitions.places import Places
from corral.core.errors import SettingsError
from corral.core.settings import ModelSettings


@pytest.fixture(name="folder")
def models_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("here.gguf", "models/a.gguf", "models/ggml/b.gguf", "models/gptq/c/config.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for name in ("mmproj-x.gguf", "x-00001-of-00002.gguf", "x-00002-of-00002.gguf"):
        (tmp_path / "models/x").mkdir(exist_ok=True)
        (tmp_path / "models/x" / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("here.gguf", "here.gguf"),
        ("a.gguf", "models/a.gguf"),
        ("b.gguf", "models/ggml/b.gguf"),
        ("ggml/b.gguf", "models/ggml/b.gguf"),
        ("c", "models/gptq/c"),
        ("x", "models/x/x-00001-of-00002.gguf"),
        ("not-there.gguf", "not-there.gguf"),
        ("owner/not-there.gguf", "owner/not-there.gguf"),
        ("../owner/name", "../owner/name"),
        ("owner/name/more", "owner/name/more"),
    ],
)
def test_a_path_is_looked_for_here_and_in_the_folder_of_models(folder, path, found):
    assert folder.is_dir()
    settled = Places("models").settle("any", ModelSettings(path=path))

    assert (settled.path, settled.hf_repo) == (found, None)


@pytest.mark.parametrize("repository", ["owner/name", "owner/name-GGUF:Q4_K_M", "TheBloke/A-13B.v1_x"])
def test_what_is_no_file_and_looks_like_a_repository_is_one(folder, repository):
    assert folder.is_dir()
    settled = Places("models").settle("any", ModelSettings(path=repository, is_offline=True))

    assert settled == ModelSettings(hf_repo=repository, is_offline=True)


def test_a_file_is_stronger_than_a_repository_of_its_name(folder):
    (folder / "owner").mkdir()
    (folder / "owner/name").touch()

    assert Places().settle("any", ModelSettings(path="owner/name")).hf_repo is None


@pytest.mark.parametrize(
    ("name", "path", "repository"),
    [
        ("a", "models/a.gguf", None),
        ("x", "models/x/x-00001-of-00002.gguf", None),
        ("later", "models/later.gguf", None),
        ("owner/name:Q8_0", None, "owner/name:Q8_0"),
    ],
)
def test_without_a_source_the_name_is_looked_for(folder, name, path, repository):
    assert folder.is_dir()
    settled = Places("models").settle(name, ModelSettings())

    assert (settled.path, settled.hf_repo) == (path, repository)


def test_a_name_that_can_be_nothing_is_refused(folder):
    assert folder.is_dir()
    with pytest.raises(SettingsError, match="nothing says which model it is"):
        Places().settle("later", ModelSettings())


@pytest.mark.parametrize(
    "model",
    [
        ModelSettings(url="http://host/a.gguf", path="kept.gguf"),
        ModelSettings(hf_repo="owner/name", path="a.gguf"),
        ModelSettings(docker_repo="ai/name"),
    ],
)
def test_what_is_downloaded_is_left_as_it_is(folder, model):
    assert folder.is_dir()
    assert Places("models").settle("a", model) is model
