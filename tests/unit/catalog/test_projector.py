"""A model's projector is where it is said to be, or beside the model."""

from __future__ import annotations

import pytest

from corral.catalog.hub import Hub
from corral.catalog.projector import choose_projector, find_projector
from corral.catalog.source import needed_model
from corral.core.engine_settings import EngineSettings
from corral.core.errors import ModelLoadError
from corral.core.settings import ModelSettings, Settings


def silent(*_):
    pass


def test_a_named_file_is_taken(tmp_path):
    (tmp_path / "mmproj.gguf").touch()
    settings = ModelSettings(projector_path=str(tmp_path / "mmproj.gguf"))

    assert find_projector(settings, silent) == tmp_path / "mmproj.gguf"


def test_nothing_is_taken_when_none_is_wanted(tmp_path):
    settings = ModelSettings(
        projector_path=str(tmp_path), projector_url="http://x", is_projector_wanted=False
    )

    assert find_projector(settings, silent) is None
    assert find_projector(ModelSettings(), silent) is None


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelLoadError, match=r"there is no projector file .*none\.gguf"):
        find_projector(ModelSettings(projector_path=str(tmp_path / "none.gguf")), silent)


def test_a_projector_is_downloaded(server, tmp_path):
    server.files["mmproj.gguf"] = b"projector"
    url = f"{server.url}/mmproj.gguf"

    cached = find_projector(ModelSettings(projector_url=url, cache_dir=str(tmp_path)), silent)
    named = ModelSettings(projector_url=url, projector_path=str(tmp_path / "own.gguf"))

    assert cached == tmp_path / "mmproj.gguf"
    assert find_projector(named, silent).read_bytes() == b"projector"


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (["a.gguf", "mmproj-a-Q8_0.gguf", "mmproj-a-f16.gguf", "mmproj-a-BF16.gguf"], "mmproj-a-f16.gguf"),
        (["sub/mmproj-model.gguf", "a.gguf"], "sub/mmproj-model.gguf"),
        (["a.gguf", "mmproj.txt"], None),
    ],
)
def test_the_least_rounded_projector_of_a_repository_is_chosen(files, chosen):
    assert choose_projector(files) == chosen


def test_the_projector_beside_a_model_is_fetched(fake_hub, tmp_path):
    for name in ("a-Q4_K_M.gguf", "mmproj-a-f16.gguf"):
        fake_hub.publish("owner/name", {name: name.encode()})
    fake_hub.publish("owner/text", {"a-Q4_K_M.gguf": b"model"})
    hub = Hub(endpoint=fake_hub.url, cache_dir=tmp_path)

    assert hub.projector("owner/name:Q4_K_M").read_text() == "mmproj-a-f16.gguf"
    assert hub.projector("owner/text") is None
    assert hub.projector("owner/none") is None


def test_vectors_and_scores_need_no_projector():
    model = ModelSettings(hf_repo="owner/name")

    assert needed_model(Settings(model=model)).is_projector_wanted
    for purpose in ("embed", "rank"):
        settings = Settings(model=model, engine=EngineSettings(purpose=purpose))
        assert not needed_model(settings).is_projector_wanted
