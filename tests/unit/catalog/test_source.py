"""The settings lead to one file and one name."""

from __future__ import annotations

import pytest

from corral.catalog.bundled import NAME
from corral.catalog.source import ModelSource, resolve
from corral.core.errors import ModelLoadError
from corral.core.settings import ModelSettings


def test_a_path_is_taken_as_it_is_and_is_the_name(tmp_path):
    path = tmp_path / "a.gguf"
    path.touch()

    assert resolve(ModelSettings(path=str(path))) == ModelSource(path, str(path))
    assert resolve(ModelSettings(path=str(path), aliases=("tiny", "small"))).name == "small"


def test_a_missing_file_is_named(tmp_path):
    path = str(tmp_path / "none.gguf")

    with pytest.raises(ModelLoadError) as caught:
        resolve(ModelSettings(path=path))

    assert caught.value.message == f"there is no model file {path}"
    assert caught.value.facts == {"path": path}


def test_a_folder_is_no_model_but_may_hold_some(tmp_path):
    with pytest.raises(ModelLoadError, match="is a folder; --models-dir"):
        resolve(ModelSettings(path=str(tmp_path)))


def test_an_address_goes_into_the_cache(server, tmp_path):
    server.files["models/a.gguf"] = b"model"

    source = resolve(ModelSettings(url=f"{server.url}/models/a.gguf?download=true", cache_dir=str(tmp_path)))

    assert source == ModelSource(tmp_path / "a.gguf", "a.gguf")
    assert source.path.read_bytes() == b"model"


def test_an_address_with_a_path_goes_there(server, tmp_path):
    server.files["a.gguf"] = b"model"
    path = tmp_path / "b.gguf"

    assert resolve(ModelSettings(url=f"{server.url}/a.gguf", path=str(path))).path == path


def test_all_parts_behind_an_address_come(server, tmp_path):
    names = ["a-00001-of-00002.gguf", "a-00002-of-00002.gguf"]
    server.files.update({name: name.encode() for name in names})

    source = resolve(ModelSettings(url=f"{server.url}/{names[0]}", cache_dir=str(tmp_path)))

    assert source.path.name == names[0]
    assert all((tmp_path / name).read_text() == name for name in names)


def test_an_address_must_name_a_file(tmp_path):
    with pytest.raises(ModelLoadError, match="does not name a file"):
        resolve(ModelSettings(url="http://127.0.0.1/models/", cache_dir=str(tmp_path)))


def test_nothing_named_is_the_bundled_model():
    try:
        source = resolve(ModelSettings())
    except ModelLoadError as error:
        pytest.skip(f"{error.message}: build it with training/")

    assert source.is_bundled
    assert source.name == NAME
    assert source.path.is_file()
