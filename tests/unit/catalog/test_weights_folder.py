"""Folders of weights are told from what is in them, without trust."""

from __future__ import annotations

import json

import pytest

from corral.catalog.safetensors_header import MAX_HEADER_BYTES, read_safetensors
from corral.catalog.weights_folder import read_folder
from corral.core.errors import ModelLoadError
from tests.unit.catalog.model_folder import put, safetensors, whole_folder


def test_a_whole_folder_lacks_only_a_runner(tmp_path):
    found = read_folder(whole_folder(tmp_path / "a", max_position_embeddings=2048))

    assert found.problem == (
        "this Corral has no runner for safetensors folders yet: convert the model to GGUF, or get it as a"
        " GGUF file"
    )
    assert (found.format, found.architecture, found.quantization) == ("safetensors", "llama", "F32")
    assert (found.n_params, found.n_ctx_train) == (4, 2048)
    assert found.weight_files == ("model.safetensors",)
    assert found.n_bytes == (tmp_path / "a" / "model.safetensors").stat().st_size


@pytest.mark.parametrize("sign", ["tensors", "file", "config"])
def test_quantized_weights_are_told_by_any_of_three_signs(tmp_path, sign):
    folder = whole_folder(tmp_path / "a")
    if sign == "tensors":
        put(folder / "model.safetensors", safetensors(["a.qweight", "a.scales"]))
    elif sign == "file":
        put(folder / "quantize_config.json", b"{}")
    else:
        put(folder / "config.json", b'{"quantization_config": {"quant_method": "awq", "bits": 4}}')

    found = read_folder(folder)

    assert (found.format, found.n_params) == ("gptq", 0)


def test_each_missing_file_has_a_line(tmp_path):
    (tmp_path / "a").mkdir()

    assert read_folder(tmp_path / "a").problem.splitlines()[:3] == [
        "config.json is missing",
        "the weight file (*.safetensors) is missing",
        "tokenizer.model or tokenizer.json is missing",
    ]


def test_pickles_are_named_and_never_opened(tmp_path):
    folder = whole_folder(tmp_path / "a")
    (folder / "model.safetensors").unlink()
    put(folder / "pytorch_model.bin", b"\x80\x04.").chmod(0)

    found = read_folder(folder)

    assert "pytorch_model.bin is a pickle, which is never opened" in found.problem
    assert found.n_bytes == 3


@pytest.mark.parametrize(
    "config",
    [
        b"{",
        b"[" * 100_000,
        b"\xff",
        b'{"model_type": 5}',
        b'{"max_position_embeddings": 1e999}',
        b'{"quantization_config": []}',
    ],
)
def test_a_bad_configuration_is_a_line_of_the_problem(tmp_path, config):
    folder = whole_folder(tmp_path / "a")
    put(folder / "config.json", config)

    assert read_folder(folder).problem.startswith("config.json cannot be read: ")


def test_tensors_are_read_by_name(tmp_path):
    found = read_safetensors(put(tmp_path / "a.safetensors", safetensors(["a", "b"])))

    assert found.keys() == {"a", "b"}
    assert (found["b"].dtype, found["b"].shape, found["b"].n_values) == ("F32", (2, 2), 4)


def entry(**changes):
    fields = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16], **changes}
    return json.dumps({"a": fields}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        (2**63).to_bytes(8, "little") + b"{}",
        (MAX_HEADER_BYTES + 1).to_bytes(8, "little") + b"{}",
        (100).to_bytes(8, "little") + b"{}",
        safetensors()[:-1],
        safetensors(header=b"{"),
        safetensors(header=b"[]"),
        safetensors(header=b'{"a": ' * 100_000),
        safetensors(header=b'{"a": {"dtype": "\xff"}}'),
        safetensors(header=entry(shape=[-2, -2])),
        safetensors(header=entry(shape="x")),
        safetensors(header=entry(shape=[2**70])),
        safetensors(header=entry(data_offsets=[16, 0])),
        safetensors(header=entry(data_offsets=[-16, 0])),
        safetensors(header=entry(data_offsets=[0, 2**62])),
        safetensors(header=b'{"a": {}}'),
    ],
)
def test_a_hostile_file_is_a_sentence(tmp_path, content):
    with pytest.raises(ModelLoadError, match=r"^a\.safetensors is "):
        read_safetensors(put(tmp_path / "a.safetensors", content))


def test_a_file_that_is_gone_is_a_sentence(tmp_path):
    with pytest.raises(ModelLoadError, match=r"cannot read a\.safetensors: No such file"):
        read_safetensors(tmp_path / "a.safetensors")


def test_a_cut_off_file_is_a_line_of_the_problem(tmp_path):
    folder = whole_folder(tmp_path / "a")
    put(folder / "model.safetensors", safetensors()[:-1])

    assert read_folder(folder).problem.startswith("model.safetensors is cut off, or still being copied")
