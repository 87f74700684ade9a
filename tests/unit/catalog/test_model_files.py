"""Files of models as clients of `/models` name them, and as they are removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from corral.catalog.bundled import bundled_model
from corral.catalog.catalogue import Catalogue
from corral.catalog.model_files import inside
from corral.catalog.source import ModelSource
from corral.core.errors import NotFoundError
from corral.core.settings import Settings
from tests.unit.catalog.model_folder import Definitions, definition, part, put, safetensors, whole_folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in a folder that has a models folder."""
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scanned(models_dir, *sources, **kwargs):
    catalogue = Catalogue(Settings(), models_dir, sources, **kwargs)
    catalogue.rescan()
    return catalogue


def refusal(catalogue, *entry):
    with pytest.raises(NotFoundError) as caught:
        catalogue.find_file(*entry)
    return caught.value.message


@pytest.mark.parametrize("is_absolute", [False, True])
def test_files_are_told_below_the_working_directory_and_can_be_given_back(here, is_absolute):
    put(here / "models" / "a.gguf")
    put(here / "models" / "x" / "b.gguf")
    put(here / "models" / "x" / "mmproj.gguf")
    for number in range(2):
        put(here / "models" / f"c-0000{number + 1}-of-00002.gguf", part(number, 2))

    catalogue = scanned(here / "models" if is_absolute else Path("models"))

    listed = [(file.model_file, file.folder) for file in catalogue.files()]
    assert listed == [
        ("a.gguf", "./models"),
        ("c-00001-of-00002.gguf", "./models"),
        ("b.gguf", "./models/x"),
    ]
    assert [catalogue.find_file(*pair).name for pair in listed] == ["a", "c", "b"]
    assert catalogue.find_file("c-00002-of-00002.gguf", "./models").name == "c"


@pytest.mark.usefixtures("here")
def test_files_of_a_folder_elsewhere_are_told_whole(tmp_path_factory):
    models = tmp_path_factory.mktemp("elsewhere")
    put(models / "x" / "a.gguf")

    catalogue = scanned(models)

    assert [(file.model_file, file.folder) for file in catalogue.files()] == [("a.gguf", f"{models}/x")]
    assert catalogue.find_file("a.gguf", f"{models}/x").name == "a"


def test_a_models_folder_behind_a_link_keeps_its_name(here, tmp_path_factory):
    put(tmp_path_factory.mktemp("elsewhere") / "a.gguf")
    (here / "models").rmdir()
    (here / "models").symlink_to(next(tmp_path_factory.getbasetemp().glob("elsewhere*/a.gguf")).parent)

    catalogue = scanned(Path("models"))

    assert [(file.model_file, file.folder) for file in catalogue.files()] == [("a.gguf", "./models")]
    assert catalogue.find_file("a.gguf", "./models").name == "a"


def test_a_declared_model_is_found_by_its_file(here):
    path = put(here / "models" / "a.gguf")
    source = Definitions(here / "models.yaml", definition("mine", path))

    catalogue = scanned(Path("models"), source)

    assert [file.model for file in catalogue.files()] == ["mine"]
    assert catalogue.find_file("a.gguf", "./models").name == "mine"


def test_a_broken_folder_is_refused_with_a_line_for_each_missing_file(here):
    put(here / "models" / "broken" / "model.safetensors", safetensors())
    catalogue = scanned(Path("models"))

    lines = refusal(catalogue, "model.safetensors", "./models/broken").splitlines()

    assert lines[:2] == ["config.json is missing", "tokenizer.model or tokenizer.json is missing"]
    assert "no runner for safetensors folders" in lines[2]


def test_a_file_that_a_folder_of_weights_lacks_is_the_one_that_is_named(here):
    put(here / "models" / "broken" / "model.safetensors", safetensors())
    catalogue = scanned(Path("models"))

    message = refusal(catalogue, "a.gguf", "./models/broken")

    assert message == "there is no model file a.gguf in ./models/broken"


def test_a_folder_without_weights_is_refused_with_a_line_for_each_missing_file(here):
    (here / "models" / "gptq" / "empty").mkdir(parents=True)
    (here / "models" / "other").mkdir()
    catalogue = scanned(Path("models"))

    for folder in ("gptq/empty", "other"):
        message = refusal(catalogue, "model.safetensors", f"./models/{folder}")
        assert {
            "config.json is missing",
            "the weight file (*.safetensors) is missing",
            "tokenizer.model or tokenizer.json is missing",
        } <= set(message.splitlines())
    assert catalogue.files() == []


def test_missing_parts_are_refused_with_a_line_each(here):
    put(here / "models" / "a-00002-of-00003.gguf", part(1, 3))

    message = refusal(scanned(Path("models")), "a-00001-of-00003.gguf", "./models")

    assert message.splitlines() == ["a-00001-of-00003.gguf is missing", "a-00003-of-00003.gguf is missing"]


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        ("secret.gguf", "."),
        ("secret.gguf", "./models/.."),
        ("../secret.gguf", "./models"),
        ("secret.gguf", "./models/link"),
        ("secret.gguf", "{here}"),
        ("passwd", "/etc"),
        ("", ""),
        ("..", "./models"),
        ("a\0.gguf", "./models"),
        ("x" * 5000, "./models"),
        ("a.gguf", "./models/circle"),
    ],
)
def test_nothing_outside_of_the_folder_can_be_reached(here, file, folder):
    put(here / "secret.gguf")
    put(here / "models" / "a.gguf")
    (here / "models" / "circle").symlink_to("circle")
    catalogue = scanned(Path("models"))
    (here / "models" / "link").symlink_to(here)

    message = refusal(catalogue, file, folder.format(here=here))

    assert message.startswith("there is no ")
    assert "secret" not in message


@pytest.mark.usefixtures("here")
def test_a_file_that_is_not_there_is_named():
    message = refusal(scanned(Path("models")), "none.gguf", "./models")

    assert message == "there is no model file none.gguf in ./models"


def test_without_a_models_folder_nothing_is_there(here):
    put(here / "models" / "a.gguf")

    assert refusal(scanned(None), "a.gguf", "./models") == "there is no such file in the models folder"


def test_a_model_has_its_parts_its_projector_and_its_receipt(here):
    parts = [put(here / "models" / "x" / f"a-0000{n + 1}-of-00002.gguf", part(n, 2)) for n in range(2)]
    projector = put(here / "models" / "x" / "mmproj.gguf")
    receipt = put(here / "models" / "x" / f"{parts[0].name}.json", b"{}")
    put(here / "models" / "b.gguf")
    catalogue = scanned(here / "models")

    paths = catalogue.paths_of(catalogue.find("a"))

    assert set(paths) == {*parts, projector, receipt}
    assert all(inside(here / "models", path) for path in paths)


def test_what_another_model_needs_is_not_its_own(here):
    q4, q8 = (put(here / "models" / f"a-{tag}.gguf") for tag in ("Q4_0", "Q8_0"))
    put(here / "models" / "mmproj-a.gguf")
    catalogue = scanned(here / "models")

    assert catalogue.find("a-Q8_0").projector is not None
    assert catalogue.paths_of(catalogue.find("a-Q4_0")) == (q4,)
    assert catalogue.paths_of(catalogue.find("a-Q8_0")) == (q8,)


def test_a_model_of_the_hub_has_the_link_and_what_it_leads_to(here):
    blob = put(here / "cache" / "blobs" / "1234")
    link = here / "cache" / "snapshots" / "main" / "a.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)
    source = Definitions(here / "models.yaml", definition("mine", hf_repo="owner/name"))
    catalogue = scanned(None, source, find=lambda _settings: ModelSource(link, "mine"))

    assert catalogue.paths_of(catalogue.find("mine")) == (link, blob)


def test_a_folder_has_its_files(here):
    folder = whole_folder(here / "models" / "hf")
    catalogue = scanned(here / "models")

    names = [path.name for path in catalogue.paths_of(catalogue.find("hf"))]

    assert names == ["config.json", "model.safetensors", "tokenizer.model"]
    assert folder.is_dir()


def test_the_model_that_came_with_corral_has_no_files_to_remove(here):
    source = Definitions(here / "models.yaml", definition("demo"))
    catalogue = scanned(None, source)
    entry = catalogue.find("demo")

    assert entry.path == bundled_model()
    assert catalogue.paths_of(entry) == ()


def test_inside_is_what_lies_in_the_folder_itself(here):
    outside = put(here / "outside" / "a.gguf")
    models = here / "models"
    (models / "link.gguf").symlink_to(outside)
    (models / "folder").symlink_to(outside.parent)
    (models / "circle").symlink_to("circle")

    assert inside(models, models / "none" / "a.gguf")
    assert inside(models, models / "link.gguf")
    assert inside(Path("models"), models / "a.gguf")
    assert not inside(models, models / "folder" / "a.gguf")
    assert not inside(models, models / ".." / "outside" / "a.gguf")
    assert not inside(models, models / "x" / "..")
    assert not inside(models, models)
    assert not inside(models, here / "models2" / "a.gguf")
    assert not inside(models, models / "a\0" / "b")
