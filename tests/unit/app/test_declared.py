"""What a server serves, by its flags and by what lies in the current folder."""

import subprocess
import sys

import msgspec
import pytest

from corral.app.declared import declared_models, with_first
from corral.core.errors import SettingsError
from corral.core.settings import CatalogSettings, ModelSettings, RemoteSettings, Settings

FAR = Settings(
    model=ModelSettings(aliases=("far",)),
    remote=RemoteSettings(base_url="http://far.example", api_key="secret"),
)


@pytest.fixture
def models_dir(tmp_path, monkeypatch):
    """A folder `models` with a file, in the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "near.gguf").write_bytes(b"GGUF")
    return folder


@pytest.fixture
def nothing_pulled(monkeypatch):
    monkeypatch.setattr("corral.catalog.pulled_source.pulled_models", lambda *_: [])


def test_it_is_the_only_one_although_there_is_a_models_folder(models_dir):
    assert models_dir.is_dir()

    declared = declared_models(FAR)

    assert declared.is_single
    assert list(declared.entries) == ["far"]


def test_beside_a_folder_it_is_the_default_and_the_others_run_here(models_dir, monkeypatch):
    monkeypatch.setattr("corral.catalog.pulled_source.pulled_models", lambda *_: [])
    settings = msgspec.structs.replace(FAR, catalog=CatalogSettings(models_dir=str(models_dir)))

    entries = declared_models(settings).entries
    first = with_first(settings).catalog

    assert {name: entry.format == "remote" for name, entry in entries.items()} == {"far": True, "near": False}
    assert entries["near"].definition.settings.remote == RemoteSettings()
    assert (first.default, first.preloaded) == ("far", ("far",))


@pytest.mark.usefixtures("models_dir", "nothing_pulled")
def test_broken_files_alone_are_not_served_and_are_complained_about():
    declared = declared_models(Settings())

    assert declared.is_single
    assert [complaint.partition(":")[0] for complaint in declared.complaints] == [
        "near in models cannot be loaded"
    ]


@pytest.mark.parametrize("library", ["httpx", "rich", "yaml", "huggingface_hub"])
def test_a_lone_model_starts_without_libraries_that_others_need(library):
    program = f"""
import sys, corral.app.serving
from corral.core.settings import ModelSettings, Settings
from corral.app.declared import declared_models
declared_models(Settings(model=ModelSettings(path="m.gguf")))
sys.exit({library!r} in sys.modules)
"""

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


WISHES = {
    "--default-model": CatalogSettings(default="nowhere"),
    "--preload": CatalogSettings(preloaded=("nowhere",)),
}


@pytest.mark.parametrize("flag", WISHES)
@pytest.mark.parametrize("model", [ModelSettings(path="models/near.gguf"), ModelSettings()])
@pytest.mark.parametrize("folder", [None, "models"])
@pytest.mark.usefixtures("models_dir", "nothing_pulled")
def test_a_model_that_is_misspelled_at_the_start_is_refused_there(flag, model, folder):
    catalog = msgspec.structs.replace(WISHES[flag], models_dir=folder)

    with pytest.raises(SettingsError, match=f"^{flag}: .*nowhere.*"):
        declared_models(Settings(model=model, catalog=catalog))


@pytest.mark.usefixtures("models_dir", "nothing_pulled")
def test_a_file_that_is_named_beside_a_folder_must_be_there():
    settings = Settings(model=ModelSettings(path="none.gguf"), catalog=CatalogSettings(models_dir="models"))

    with pytest.raises(SettingsError, match=r"there is no model none\.gguf"):
        declared_models(with_first(settings))
