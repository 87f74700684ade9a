"""Names that stand for models which the file that gives them does not declare."""

from __future__ import annotations

import pytest

from corral.catalog.catalogue import Catalogue
from corral.core.settings import Settings
from tests.unit.catalog.model_folder import Definitions, definition, put


@pytest.fixture
def models(tmp_path):
    put(tmp_path / "models" / "found.gguf")
    return tmp_path / "models"


@pytest.fixture
def stand_ins(tmp_path):
    """A source that declares nothing, and gives further names."""
    source = Definitions(tmp_path / "model_definitions.py")
    source.say()
    return source


def scanned(models, *sources):
    catalogue = Catalogue(Settings(), models, sources)
    catalogue.rescan()
    return catalogue


def test_a_file_of_the_folder_is_found_by_them(models, stand_ins):
    stand_ins.replacements = {"gpt-4": "found.gguf"}

    catalogue = scanned(models, stand_ins)

    assert catalogue.find("gpt-4").name == "found"
    assert catalogue.entries["found"].aliases == ("gpt-4",)
    assert catalogue.complaints == ()


def test_a_model_of_another_file_is_found_by_them(models, stand_ins, tmp_path):
    other = Definitions(tmp_path / "models.yaml")
    other.say(definition("mine", path="models/found.gguf"))
    stand_ins.replacements = {"gpt-4": "mine"}

    assert scanned(models, other, stand_ins).find("gpt-4").name == "mine"


def test_what_stands_for_nothing_is_complained_about(models, stand_ins):
    stand_ins.replacements = {"gpt-4": "nothing"}

    (complaint,) = scanned(models, stand_ins).complaints

    assert complaint.startswith("'gpt-4' is to stand for 'nothing'. The model 'nothing' does not exist.")


def test_a_model_s_own_name_goes_before_them(models, stand_ins):
    put(models / "gpt-4.gguf")
    stand_ins.replacements = {"gpt-4": "found"}

    catalogue = scanned(models, stand_ins)

    assert catalogue.find("gpt-4").name == "gpt-4"
    assert catalogue.complaints == ("'gpt-4' is to stand for 'found' and means 'gpt-4': that one keeps it",)


def test_they_are_read_anew_with_their_file(models, stand_ins):
    catalogue = scanned(models, stand_ins)
    stand_ins.replacements = {"gpt-4": "found"}

    assert catalogue.rescan()

    assert catalogue.find("gpt-4").name == "found"
