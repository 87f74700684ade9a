"""Names of found models are short, and stay."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from corral.catalog.folder_scan import Found
from corral.catalog.naming import choose_names, further_names


def model(path, *, is_folder=False):
    return Found(Path("/models") / path, PurePosixPath(path), is_folder=is_folder)


def names(*models, **kwargs):
    return {str(path): name for path, name in choose_names(models, **kwargs).items()}


def test_a_model_is_called_like_its_file_without_ending_and_part():
    found = names(model("a.Q4_K_M.gguf"), model("x/b-00001-of-00002.gguf"), model("ggml/c.bin"))

    assert found == {"a.Q4_K_M.gguf": "a.Q4_K_M", "x/b-00001-of-00002.gguf": "b", "ggml/c.bin": "c"}


def test_a_folder_is_called_as_it_is():
    assert names(model("gptq/Llama-3.1-8B", is_folder=True)) == {"gptq/Llama-3.1-8B": "Llama-3.1-8B"}


def test_where_two_are_called_the_same_each_is_told_with_its_folder():
    found = names(model("x/q4.gguf"), model("deep/y/q4.gguf"))

    assert found == {"x/q4.gguf": "x/q4", "deep/y/q4.gguf": "y/q4"}


def test_a_model_in_no_folder_keeps_the_short_name():
    assert names(model("a.gguf"), model("x/a.gguf")) == {"a.gguf": "a", "x/a.gguf": "x/a"}


def test_folders_that_are_called_the_same_are_told_whole():
    found = names(model("1/x/a.gguf"), model("2/x/a.gguf"))

    assert found == {"1/x/a.gguf": "1/x/a", "2/x/a.gguf": "2/x/a"}


def test_files_that_differ_in_their_ending_are_told_with_it():
    found = names(model("ggml/a.gguf"), model("ggml/a.bin"), model("ggml/a", is_folder=True))

    assert len(set(found.values())) == 3
    assert found["ggml/a.bin"] == "ggml/a.bin"
    assert found["ggml/a.gguf"] == "ggml/a.gguf"


def test_names_of_declared_models_are_not_given_again():
    assert names(model("x/a.gguf"), taken={"a"}) == {"x/a.gguf": "x/a"}
    assert names(model("a.gguf"), taken={"a", "a.gguf"}) == {"a.gguf": "./a.gguf"}
    assert names(model("a.gguf"), taken={"a", "a.gguf", "./a.gguf"}) == {"a.gguf": "././a.gguf"}


def test_a_name_stays_when_another_file_appears():
    first = choose_names([model("x/a.gguf")])

    second = choose_names([model("a.gguf"), model("x/a.gguf")], given=first)

    assert {str(path): name for path, name in second.items()} == {"x/a.gguf": "a", "a.gguf": "a.gguf"}


def test_a_name_is_free_again_when_its_file_is_gone():
    first = choose_names([model("x/a.gguf")])

    assert names(model("y/a.gguf"), given=first) == {"y/a.gguf": "a"}


def test_a_model_can_be_meant_by_its_file_its_path_and_a_folder_of_its_own():
    files = [model("x/a-00001-of-00002.gguf"), model("y/b.gguf"), model("y/c.gguf"), model("ggml/d.gguf")]

    further = {str(path): set(names) for path, names in further_names(files).items()}

    assert {"a", "x/a", "a.gguf", "a-00001-of-00002.gguf", "x/a-00001-of-00002.gguf", "x"} <= further[
        "x/a-00001-of-00002.gguf"
    ]
    assert "y" not in further["y/b.gguf"]
    assert "ggml" not in further["ggml/d.gguf"]
