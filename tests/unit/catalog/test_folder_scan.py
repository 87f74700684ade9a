"""What counts as a model in the models folder, by the names of files alone."""

from __future__ import annotations

import os
from pathlib import PurePosixPath

import pytest

from corral.catalog.folder_scan import scan
from tests.unit.catalog.model_folder import put, whole_folder


def found(folder):
    return [str(model.relative) for model in scan(folder).models]


def test_models_are_found_at_any_depth_and_in_order(tmp_path):
    for name in ("b.gguf", "x/a.gguf", "x/y/z/deep.GGUF", "a.gguf"):
        put(tmp_path / name)

    assert found(tmp_path) == ["a.gguf", "b.gguf", "x/a.gguf", "x/y/z/deep.GGUF"]


def test_without_a_folder_there_are_none(tmp_path):
    assert found(tmp_path / "none") == []


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.gguf",
        ".cache/a.gguf",
        "a.gguf.downloadInProgress",
        "a.gguf.incomplete",
        "a.gguf.json",
        "mmproj-a-f16.gguf",
        "imatrix.gguf",
        "pytorch_model.bin",
        "a.txt",
        "a\n.gguf",
        os.fsdecode(b"\xff.gguf"),
    ],
)
def test_what_is_no_model_is_left_out(tmp_path, name):
    put(tmp_path / name)

    assert found(tmp_path) == []


def test_a_folder_or_pipe_that_is_called_like_a_model_is_none(tmp_path):
    (tmp_path / "a.gguf").mkdir()
    os.mkfifo(tmp_path / "b.gguf")
    (tmp_path / "c.gguf").symlink_to("nowhere")

    assert found(tmp_path) == []


def test_parts_are_one_model_that_goes_by_the_first(tmp_path):
    for number in (1, 2, 3):
        put(tmp_path / f"a-0000{number}-of-00003.gguf")
    put(tmp_path / "b-00002-of-00002.gguf")

    assert found(tmp_path) == ["a-00001-of-00003.gguf", "b-00001-of-00002.gguf"]


def test_a_number_of_no_parts_is_part_of_the_name(tmp_path):
    put(tmp_path / "a-00001-of-00000.gguf")

    assert found(tmp_path) == ["a-00001-of-00000.gguf"]


def test_links_are_followed_and_circles_survived(tmp_path):
    put(tmp_path / "elsewhere" / "far.gguf")
    put(tmp_path / "models" / "z" / "near.gguf")
    (tmp_path / "models" / "far").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "models" / "a").symlink_to(tmp_path / "models" / "z")
    (tmp_path / "models" / "z" / "loop").symlink_to(tmp_path / "models")

    assert found(tmp_path / "models") == ["far/far.gguf", "z/near.gguf"]


def test_old_containers_are_models_in_their_folder_only(tmp_path):
    put(tmp_path / "ggml" / "sub" / "old.bin")
    put(tmp_path / "other" / "old.bin")

    assert found(tmp_path) == ["ggml/sub/old.bin"]


def test_folders_of_weights_are_models(tmp_path):
    whole_folder(tmp_path / "hf" / "one")
    put(tmp_path / "loose" / "model.safetensors")
    put(tmp_path / "pickled" / "config.json")
    put(tmp_path / "pickled" / "pytorch_model.bin")
    (tmp_path / "gptq" / "empty").mkdir(parents=True)
    put(tmp_path / "gptq" / "not_gptq" / "a.gguf")
    put(tmp_path / "adapter" / "adapter_model.safetensors")
    put(tmp_path / "repo" / "config.json")
    put(tmp_path / "repo" / "b.gguf")
    put(tmp_path / "top.safetensors")

    models = {str(model.relative): model.is_folder for model in scan(tmp_path).models}

    assert models == {
        "gptq/empty": True,
        "gptq/not_gptq/a.gguf": False,
        "hf/one": True,
        "loose": True,
        "pickled": True,
        "repo/b.gguf": False,
    }


def test_projectors_are_told_apart(tmp_path):
    projector = put(tmp_path / "a" / "mmproj-a.gguf")
    put(tmp_path / "a" / "a.gguf")

    assert scan(tmp_path).projectors == (projector,)


def test_a_folder_that_cannot_be_read_hides_only_itself(tmp_path):
    put(tmp_path / "a.gguf")
    put(tmp_path / "closed" / "b.gguf")
    (tmp_path / "closed").chmod(0)
    try:
        if os.access(tmp_path / "closed", os.R_OK):
            pytest.skip("this user may read everything: run the tests as another than root")

        assert found(tmp_path) == ["a.gguf"]
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_relative_paths_have_slashes(tmp_path):
    put(tmp_path / "x" / "a.gguf")

    assert scan(tmp_path).models[0].relative == PurePosixPath("x/a.gguf")
