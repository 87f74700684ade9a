"""A repository's file is chosen by its quantization."""

from __future__ import annotations

import pytest

from corral.catalog.quant import choose, without_tag
from corral.core.errors import ModelLoadError

FILES = [
    "README.md",
    "mmproj-Q4_K_M.gguf",
    "name-F16.gguf",
    "name-Q4_K_M.gguf",
    "name-Q4_K.gguf",
    "name.q8_0.gguf",
    "Q2_K/name-Q2_K-00002-of-00002.gguf",
    "Q2_K/name-Q2_K-00001-of-00002.gguf",
]


@pytest.mark.parametrize(
    ("quant", "file"),
    [
        (None, "name-Q4_K_M.gguf"),
        ("Q4_K_M", "name-Q4_K_M.gguf"),
        ("Q4_K", "name-Q4_K.gguf"),
        ("Q8_0", "name.q8_0.gguf"),
        ("f16", "name-F16.gguf"),
        ("Q2_K", "Q2_K/name-Q2_K-00001-of-00002.gguf"),
    ],
)
def test_the_tag_picks_the_file(quant, file):
    assert choose(FILES, quant) == file


def test_without_the_preferred_one_the_first_is_taken():
    assert choose(["b-Q8_0.gguf", "a-Q8_0.gguf"], None) == "a-Q8_0.gguf"


def test_a_missing_tag_is_answered_with_what_there_is():
    with pytest.raises(ModelLoadError, match=r"no Q5_0 file, only a-Q8_0\.gguf"):
        choose(["a-Q8_0.gguf"], "Q5_0")


def test_a_repository_without_models_is_refused():
    with pytest.raises(ModelLoadError, match="no GGUF file"):
        choose(["mmproj-a.gguf", "README.md"], None)


@pytest.mark.parametrize("file", ["x/a-7B-Q4_K_M.gguf", "a-7B.Q8_0.gguf", "a-7B-f16.gguf", "a-7B.gguf"])
def test_files_of_a_model_are_called_the_same_without_their_quantization(file):
    assert without_tag(file) == "a-7B"


@pytest.mark.parametrize(
    "file", ["orca-mini-3b.ggmlv3.q4_0.bin", "a-GGML.bin", "Monster-13B-ggml-Q3_K_M.bin"]
)
def test_of_a_repository_of_2023_the_format_and_the_remedy_are_named(file):
    with pytest.raises(ModelLoadError, match=r"only 1 \.bin; .* GGML, .* get the model as GGUF"):
        choose([file], None)


def test_other_bin_files_are_not_taken_for_ggml():
    with pytest.raises(ModelLoadError, match=r"only 1 \.bin$"):
        choose(["pytorch_model.bin"], None)
