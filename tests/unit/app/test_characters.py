"""Which folder of characters a server has, and what reads its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from corral.app.characters import character_folder, characters_dir
from corral.app.declared import declared_models
from corral.config.load import load
from corral.core.errors import NotFoundError, SettingsError
from corral.core.settings import CharacterSettings


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CORRAL_CHARACTERS_DIR", raising=False)
    return tmp_path


def test_without_a_folder_there_are_no_characters():
    folder = character_folder(CharacterSettings())
    folder.look()

    assert folder.names() == []
    with pytest.raises(NotFoundError, match="--characters-dir"):
        folder.find("mira")


def test_the_usual_folder_is_taken_whether_it_is_there_yet_or_not(here):
    folder = character_folder(CharacterSettings())
    folder.look()
    complaints = folder.complaints()
    (here / "characters").mkdir()
    (here / "characters" / "mira.yaml").write_text("name: Mira\n")

    folder.look()

    assert complaints == {}
    assert folder.names() == ["mira"]
    assert characters_dir(CharacterSettings(dir="cast")) == Path("cast")


def test_every_kind_of_file_is_read(here):
    (here / "characters").mkdir()
    (here / "characters" / "mira.yaml").write_text("name: Mira\n")
    (here / "characters" / "bo.json").write_text('{"name": "Bo", "description": "d", "first_mes": "Hm."}')
    folder = character_folder(CharacterSettings())
    folder.look()

    assert [folder.find(name).name for name in folder.names()] == ["Bo", "Mira"]
    assert folder.find("bo").greeting == "Hm."


def test_a_broken_file_is_told_with_its_name_once(here):
    (here / "characters").mkdir()
    (here / "characters" / "mira.yaml").write_text("nome: Mira\n")
    folder = character_folder(CharacterSettings())
    folder.look()

    assert folder.complaints() == {"mira.yaml": "unknown key 'nome'; did you mean name?"}


def test_a_folder_that_is_named_must_be_there():
    with pytest.raises(SettingsError, match="not a directory: nowhere"):
        load(["--characters-dir", "nowhere"])


def test_the_option_is_the_whole_server_s(here):
    (here / "corral.yaml").write_text("models:\n  a: {model: a.gguf, characters-dir: .}\n")

    with pytest.raises(SettingsError, match="speaks of the whole server"):
        declared_models(load(["--config", "corral.yaml"]).settings)
