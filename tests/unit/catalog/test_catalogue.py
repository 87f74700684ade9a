"""The catalogue has what is declared and what lies in the folder, as they are now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from corral.catalog.catalogue import Catalogue
from corral.catalog.gguf_header import read_header
from corral.core.errors import NotFoundError, SettingsError
from corral.core.settings import ModelSettings, RemoteSettings, Settings
from tests.unit.catalog.model_folder import (
    MODEL,
    Definitions,
    definition,
    other_gguf,
    part,
    put,
    whole_folder,
)

BASE = Settings(model=ModelSettings(path="other.gguf", aliases=("x",), hf_repo="o/n", cache_dir="/c"))


class CountingReader:
    def __init__(self):
        self.paths = []

    def __call__(self, path):
        self.paths.append(path)
        return read_header(path)


@pytest.fixture
def models(tmp_path):
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def definitions(tmp_path):
    return Definitions(tmp_path / "models.yaml")


def scanned(models, *sources, base=BASE, **kwargs):
    catalogue = Catalogue(base, models, sources, **kwargs)
    catalogue.rescan()
    return catalogue


def test_it_is_empty_before_the_first_look(models):
    put(models / "a.gguf")

    assert Catalogue(BASE, models).entries == {}


def test_a_found_model_is_run_as_the_server_was_told_but_for_its_file(models):
    path = put(models / "a.gguf")

    entry = scanned(models).entries["a"]

    assert (entry.name, entry.format, entry.path, entry.problem) == ("a", "gguf", path, None)
    assert entry.definition.settings.model == ModelSettings(path=str(path), cache_dir="/c")


def test_an_entry_says_what_the_header_does(models):
    put(models / "a.gguf")

    entry = scanned(models).entries["a"]

    assert (entry.architecture, entry.quantization, entry.n_ctx_train) == ("llama", "Q4_0", 4096)
    assert entry.n_bytes == len(MODEL)
    assert entry.n_params == 32 * 3 + 2 * (32 * 16 + 32 * 64) + 32
    assert entry.has_chat_template
    assert entry.need().host_bytes > entry.n_bytes


def test_entries_are_in_order_of_their_names(models):
    for name in ("c", "a", "b"):
        put(models / f"{name}.gguf")

    assert list(scanned(models).entries) == ["a", "b", "c"]


def test_parts_are_one_model_with_all_their_bytes(models):
    for number in range(2):
        put(models / f"a-0000{number + 1}-of-00002.gguf", part(number, 2))

    entry = scanned(models).entries["a"]

    assert entry.problem is None
    assert entry.n_params == 64
    assert entry.n_bytes == len(part(0, 2)) * 2


def test_missing_parts_are_named(models):
    put(models / "a-00002-of-00003.gguf", part(1, 3))

    entry = scanned(models).entries["a"]

    assert entry.problem == "a-00001-of-00003.gguf is missing\na-00003-of-00003.gguf is missing"


def test_a_name_that_claims_very_many_parts_has_a_short_problem(models):
    put(models / "a-00001-of-99999.gguf", part(0, 99))

    assert scanned(models).entries["a"].problem.endswith("and 99990 more parts")


def test_a_file_that_is_no_model_has_its_problem_as_a_sentence(models):
    put(models / "bad.gguf", b"GGUF" + b"\xff" * 100)
    put(models / "good.gguf")

    entries = scanned(models).entries

    assert "bad.gguf" in entries["bad"].problem
    assert entries["bad"].header is None
    assert entries["good"].problem is None


@pytest.mark.parametrize("kind", ["adapter", "imatrix", "mmproj"])
def test_other_gguf_files_are_no_models(models, kind):
    put(models / "a.gguf", other_gguf(kind))

    assert scanned(models).entries == {}


def test_a_declared_adapter_is_a_problem(models, definitions):
    path = put(models / "a.gguf", other_gguf("adapter"))
    definitions.say(definition("mine", path))

    assert scanned(models, definitions).entries["mine"].problem == "a.gguf is a LoRA adapter, no model"


def test_an_old_container_is_named_with_its_remedy(models):
    put(models / "ggml" / "old.bin", b"tjgg\x03\0\0\0" + bytes(64))

    entry = scanned(models).entries["old"]

    assert entry.format == "ggml"
    assert "GGJT" in entry.problem
    assert "convert" in entry.problem


def test_a_new_kind_of_file_by_an_old_name_is_a_model(models):
    put(models / "ggml" / "new.bin")

    entry = scanned(models).entries["new"]

    assert (entry.format, entry.problem) == ("gguf", None)


def test_a_folder_for_another_runner_is_listed(models):
    whole_folder(models / "gptq" / "orca", quantization_config={"quant_method": "gptq", "bits": 4})

    entry = scanned(models).entries["orca"]

    assert (entry.format, entry.architecture, entry.quantization) == ("gptq", "llama", "GPTQ 4-bit")
    assert "no runner for GPTQ folders" in entry.problem


def test_the_projector_beside_a_model_is_attached(models):
    model, projector = put(models / "a" / "a-Q4_0.gguf"), put(models / "a" / "mmproj-f16.gguf")

    entry = scanned(models).entries["a-Q4_0"]

    assert (entry.path, entry.projector) == (model, projector)
    assert entry.definition.settings.model.projector_path == str(projector)
    assert entry.engine.media.projector_path == str(projector)


def test_no_projector_is_attached_where_none_is_wanted(models):
    put(models / "a" / "a.gguf")
    put(models / "a" / "mmproj.gguf")
    base = Settings(model=ModelSettings(is_projector_wanted=False))

    assert scanned(models, base=base).entries["a"].projector is None


def test_a_declared_model_takes_the_place_of_the_found_one(models, definitions):
    path = put(models / "sub" / "a.gguf")
    projector = put(models / "sub" / "mmproj-a.gguf")
    definitions.say(definition("mine", path, aliases=("other",)))

    catalogue = scanned(models, definitions)

    assert list(catalogue.entries) == ["mine"]
    assert catalogue.entries["mine"].aliases == ("other",)
    assert catalogue.entries["mine"].projector == projector
    assert {catalogue.find(name).name for name in ("a", "a.gguf", "sub/a", "sub/a.gguf")} == {"mine"}


def test_two_definitions_may_mean_one_file(models, definitions):
    path = put(models / "a.gguf")
    definitions.say(definition("one", path), definition("two", path))

    catalogue = scanned(models, definitions)

    assert list(catalogue.entries) == ["one", "two"]
    assert catalogue.find("a").name == "one"


@pytest.mark.parametrize("folder", ["", "ggml", "gptq"])
def test_a_declared_path_is_looked_for_in_the_models_folder(models, definitions, folder):
    path = put(models / folder / "a.gguf")
    definitions.say(definition("mine", "a.gguf"))

    entry = scanned(models, definitions).entries["mine"]

    assert entry.path == path
    assert entry.definition.settings.model.path == str(path)


def test_a_declared_path_is_looked_for_in_the_working_directory_first(
    models, definitions, tmp_path, monkeypatch
):
    put(models / "a.gguf")
    put(tmp_path / "work" / "a.gguf")
    monkeypatch.chdir(tmp_path / "work")
    definitions.say(definition("mine", "a.gguf"))

    catalogue = scanned(models, definitions)

    assert catalogue.entries["mine"].path == Path("a.gguf")
    assert list(catalogue.entries) == ["a", "mine"]


def test_a_model_for_another_runner_says_what_is_missing(models, definitions):
    whole_folder(models / "gptq" / "orca")
    (models / "gptq" / "orca" / "config.json").unlink()
    definitions.say(
        definition("mine", "orca", runner="exllama"), definition("lost", "none", runner="exllama")
    )

    entries = scanned(models, definitions).entries

    assert entries.keys() == {"lost", "mine"}
    lines = entries["mine"].problem.splitlines()
    assert lines[0] == "config.json is missing"
    assert lines[-1] == "it is declared for the runner 'exllama', which this Corral does not have"
    assert entries["lost"].format == "gptq"
    assert f"{models}/gptq/none" in entries["lost"].problem


@pytest.mark.parametrize("path", ["none.gguf", "a\0b.gguf", "x" * 5000])
def test_a_declared_file_that_is_not_there_is_a_problem(models, definitions, path):
    definitions.say(definition("mine", path))

    entry = scanned(models, definitions).entries["mine"]

    assert entry.path is None
    assert entry.problem.startswith(f"there is no model {path}")


def test_a_missing_projector_is_a_problem(models, definitions):
    path = put(models / "a.gguf")
    definitions.say(definition("mine", path, projector_path="none.gguf"))

    assert scanned(models, definitions).entries["mine"].problem == "the projector none.gguf is missing"


def test_a_model_elsewhere_is_to_be_downloaded_until_it_is_here(models, definitions, tmp_path):
    definitions.say(definition("mine", url="http://127.0.0.1:1/a.gguf", cache_dir=str(tmp_path)))
    catalogue = scanned(models, definitions)

    first = catalogue.entries["mine"]
    put(tmp_path / "a.gguf")

    assert (first.format, first.path, first.problem) == ("download", None, None)
    assert catalogue.rescan()
    assert catalogue.entries["mine"].format == "gguf"
    assert catalogue.entries["mine"].path == tmp_path / "a.gguf"


def test_offline_what_is_not_here_is_a_problem(models, definitions, tmp_path):
    model = {"url": "http://127.0.0.1:1/a.gguf", "cache_dir": str(tmp_path), "is_offline": True}
    definitions.say(definition("mine", **model))

    assert "--offline" in scanned(models, definitions).entries["mine"].problem


def test_a_model_of_another_server_has_no_file(models, definitions):
    remote = definition("mine")
    settings = Settings(remote=RemoteSettings(base_url="http://127.0.0.1:1/v1"))
    definitions.say(type(remote)(name="mine", settings=settings))

    entry = scanned(models, definitions).entries["mine"]

    assert (entry.format, entry.path, entry.problem) == ("remote", None, None)
    assert entry.need().host_bytes == 0


def test_the_first_of_two_declared_by_one_name_counts(models, definitions):
    first, second = put(models / "a.gguf"), put(models / "b.gguf")
    definitions.say(definition("m", first, origin="line 1"), definition("m", second, origin="line 2"))

    catalogue = scanned(models, definitions)

    assert catalogue.entries["m"].path == first
    assert list(catalogue.entries) == ["b", "m"]
    assert catalogue.complaints == (
        "the model 'm' is declared twice, in line 1 and line 2: the first counts",
    )


def test_an_alias_that_two_models_want_is_the_firsts_and_a_name_goes_before_it(models, definitions):
    a, b, c = (put(models / f"{name}.gguf") for name in "abc")
    definitions.say(
        definition("one", a, aliases=("x", "three")),
        definition("two", b, aliases=("x",)),
        definition("three", c),
    )

    catalogue = scanned(models, definitions)

    assert (catalogue.find("x").name, catalogue.find("three").name) == ("one", "three")
    assert catalogue.entries["one"].aliases == ("x",)
    assert catalogue.entries["two"].aliases == ()
    assert catalogue.complaints == (
        "'three' is an alias of 'one' and means 'three': that one keeps it",
        "'x' is an alias of 'two' and means 'one': that one keeps it",
    )


def test_a_found_model_gives_way_to_a_declared_alias(models, definitions):
    put(models / "sub" / "a.gguf")
    definitions.say(definition("mine", put(models / "b.gguf"), aliases=("a",)))

    catalogue = scanned(models, definitions)

    assert list(catalogue.entries) == ["mine", "sub/a"]
    assert catalogue.find("a").name == "mine"


def test_names_are_found_in_another_case_if_one_only_has_them(models):
    for name in ("Big", "small", "SMALL"):
        put(models / f"{name}.gguf")
    catalogue = scanned(models)

    assert catalogue.find("big").name == "Big"
    assert catalogue.find("SMALL").name == "SMALL"
    with pytest.raises(NotFoundError, match="The model 'Small' could be several: SMALL, small"):
        catalogue.find("Small")


def test_an_unknown_name_is_answered_with_those_that_exist(models):
    put(models / "a.gguf")
    put(models / "b.gguf")
    catalogue = scanned(models)

    with pytest.raises(NotFoundError) as caught:
        catalogue.find("none")

    assert caught.value.message == "The model 'none' does not exist. There are: a, b"


def test_of_many_names_a_few_are_listed(models):
    for number in range(30):
        put(models / f"{number:02}.gguf")
    catalogue = scanned(models)

    with pytest.raises(NotFoundError, match=r"18, 19 and 10 more$"):
        catalogue.find("x" * 100_000)


def test_what_several_could_be_meant_by_is_said(models):
    put(models / "x" / "a.gguf")
    put(models / "y" / "a.gguf")

    with pytest.raises(NotFoundError, match="The model 'a' could be several: x/a, y/a"):
        scanned(models).find("a")


def test_nothing_changes_while_nothing_does(models, definitions):
    put(models / "a.gguf")
    put(models / "bad.gguf", b"no")
    reader = CountingReader()
    catalogue = scanned(models, definitions, read=reader)
    entries = catalogue.entries

    assert not catalogue.rescan()
    assert catalogue.entries == entries
    assert len(reader.paths) == 2
    assert definitions.n_reads == 1


def test_new_changed_and_vanished_files_are_seen(models):
    catalogue = scanned(models)

    put(models / "a.gguf", MODEL[:200])
    assert catalogue.rescan()
    assert "a.gguf" in catalogue.entries["a"].problem

    put(models / "a.gguf", MODEL)
    assert catalogue.rescan()
    assert catalogue.entries["a"].problem is None

    (models / "a.gguf").unlink()
    assert catalogue.rescan()
    assert catalogue.entries == {}


def test_other_content_in_the_same_file_is_a_change(models):
    path = put(models / "a.gguf")
    catalogue = scanned(models)
    os.utime(path, ns=(1, 1))

    assert catalogue.rescan()


def test_a_copy_under_way_becomes_usable_when_it_is_whole(models):
    put(models / "a.gguf", MODEL[:-100])
    catalogue = scanned(models)

    assert "not whole" in catalogue.entries["a"].problem
    put(models / "a.gguf", MODEL)
    catalogue.rescan()
    assert catalogue.entries["a"].problem is None


def test_a_name_stays_while_another_file_of_it_appears(models):
    put(models / "x" / "a.gguf")
    catalogue = scanned(models)
    put(models / "y" / "a.gguf")

    catalogue.rescan()

    assert catalogue.find("a").path == models / "x" / "a.gguf"
    assert list(catalogue.entries) == ["a", "y/a"]


def test_a_definitions_file_that_breaks_keeps_what_it_said(models, definitions, caplog):
    path = put(models / "a.gguf")
    definitions.say(definition("mine", path))
    catalogue = scanned(models, definitions)
    definitions.say(error="models.yaml, line 3: no")

    with caplog.at_level("INFO"):
        assert catalogue.rescan()
        definitions.say(error="models.yaml, line 3: no")
        assert not catalogue.rescan()
        assert catalogue.complaints == ("models.yaml, line 3: no",)
        assert list(catalogue.entries) == ["mine"]

        definitions.say(definition("other", path))
        assert catalogue.rescan()

    assert catalogue.complaints == ()
    assert list(catalogue.entries) == ["other"]
    assert [record.message for record in caplog.records] == [
        "models.definitions_kept",
        "models.definitions_mended",
    ]


def test_a_broken_file_that_did_not_change_is_not_read_again(models, definitions):
    catalogue = scanned(models, definitions)
    definitions.say(error="no")
    catalogue.rescan()
    n_reads = definitions.n_reads

    catalogue.rescan()

    assert definitions.n_reads == n_reads


def test_a_definitions_file_that_never_could_be_read_is_an_error(models, definitions):
    definitions.say(error="models.yaml, line 3: no")

    with pytest.raises(SettingsError, match="line 3"):
        Catalogue(BASE, models, [definitions]).rescan()


def test_a_missing_folder_is_a_complaint(tmp_path):
    catalogue = scanned(tmp_path / "none")

    assert catalogue.complaints == (f"there is no models folder {tmp_path}/none",)
    assert scanned(None).complaints == ()


def test_readers_keep_the_entries_that_they_took(models):
    put(models / "a.gguf")
    catalogue = scanned(models)
    taken = catalogue.entries
    put(models / "b.gguf")

    catalogue.rescan()

    assert list(taken) == ["a"]
    with pytest.raises(TypeError):
        taken["b"] = taken["a"]
