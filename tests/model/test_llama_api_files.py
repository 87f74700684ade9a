"""GET /models and POST /models/load as character chat's clients use them, on real files and engines."""

from __future__ import annotations

import contextlib
import json
import shutil

import pytest

from corral.catalog.bundled import bundled_model
from tests.model.folder_server import ORCA, FolderServer, lay_out

GGML, GPTQ = "./models/ggml", "./models/gptq/orca_mini_7b"
UNNAMED = {"prompt": "Once upon a time", "max_tokens": 4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder where nothing is declared: what lies in `models/` is served under the files' names."""
    folder = lay_out(tmp_path_factory.mktemp("files"))
    below = folder / "models" / "mine" / "deep"
    below.mkdir(parents=True)
    shutil.copyfile(bundled_model(), below / "deep.gguf")
    shutil.copyfile(bundled_model(), folder / "models" / "top.gguf")
    (folder / "secret.gguf").write_bytes(b"no model of ours")
    write_whole_gptq(folder / "models" / "gptq" / "whole")
    return folder


def write_whole_gptq(folder):
    """Write the three files of a GPTQ folder, the weights with one tensor."""
    folder.mkdir()
    config = {"model_type": "llama", "quantization_config": {"quant_method": "gptq", "bits": 4}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.model").write_bytes(b"a tokenizer")
    tensor = {"dtype": "I32", "shape": [4], "data_offsets": [0, 16]}
    header = json.dumps({"model.layers.0.mlp.up_proj.qweight": tensor}).encode()
    weights = len(header).to_bytes(8, "little") + header + bytes(16)
    (folder / "whole-GPTQ-4bit-128g.safetensors").write_bytes(weights)


@pytest.fixture(scope="module")
def served(folder):
    server = FolderServer(folder, "-w", "1")
    yield server
    server.close()


def entries(served):
    """Return the two keys of each entry of the list."""
    return [(one["modelFile"], one["path"]) for one in served.http.get("/models").json()["models"]]


def load(served, model_file, folder):
    return served.http.post("/models/load", json={"modelFile": model_file, "path": folder})


def test_every_weight_file_is_listed_once_however_often_one_asks(served):
    first, second = entries(served), entries(served)

    files = {
        ("deep.gguf", "./models/mine/deep"),
        (ORCA, GGML),
        ("robin-7b.ggmlv3.q4_0.bin", GGML),
        ("second.gguf", GGML),
        ("third.gguf", GGML),
        ("top.gguf", "./models"),
    }
    assert first == second
    assert len(set(first)) == len(first)
    assert files <= set(first)


def test_an_entry_can_be_posted_back_and_is_the_default_then(served):
    for model_file, path in [
        ("second.gguf", GGML),
        ("deep.gguf", "./models/mine/deep"),
        ("top.gguf", "./models"),
    ]:
        entry = next(
            one for one in served.http.get("/models").json()["models"] if one["modelFile"] == model_file
        )

        reply = served.http.post("/models/load", json=entry)

        assert (entry["path"], reply.status_code, reply.text) == (path, 200, "Model loaded")
        assert reply.headers["content-type"].startswith("text/plain")
        assert served.post("/v1/completions", UNNAMED)["model"] == entry["name"]
        assert served.state(entry["name"]) == "ready"


def test_an_unfinished_folder_is_404_with_a_line_for_each_missing_file(served, folder):
    (folder / "models" / "gptq" / "orca_mini_7b" / "tokenizer.model").unlink()

    reply = load(served, "model.safetensors", GPTQ)

    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith("text/plain")
    lines = reply.text.splitlines()
    assert "the weight file (*.safetensors) is missing" in lines
    assert not any("config.json" in line for line in lines)


def test_a_folder_that_is_not_there_is_404(served):
    assert load(served, "model.safetensors", "./models/gptq/none").status_code == 404
    assert load(served, "none.gguf", GGML).status_code == 404


def test_a_whole_gptq_folder_is_listed_with_what_this_server_lacks(served):
    entry = ("whole-GPTQ-4bit-128g.safetensors", "./models/gptq/whole")

    reply = load(served, *entry)

    view = served.view("whole")
    assert entry in entries(served)
    assert (view["format"], view["quantization"], view["state"]) == ("gptq", "GPTQ 4-bit", "unusable")
    assert (reply.status_code, reply.text) == (404, view["reason"])
    assert "no runner for GPTQ folders" in reply.text
    assert "missing" not in reply.text


def test_a_container_of_2023_is_404_and_its_format_and_the_remedy_are_named(served):
    reply = load(served, "robin-7b.ggmlv3.q4_0.bin", GGML)

    assert reply.status_code == 404
    assert "GGJT format of 2023" in reply.text
    assert "convert_llama_ggml_to_gguf.py" in reply.text


@pytest.mark.parametrize(
    ("model_file", "path"),
    [
        ("secret.gguf", "."),
        ("secret.gguf", "./models/.."),
        ("../secret.gguf", "./models"),
        ("passwd", "/etc"),
        ("../../../../../../etc/passwd", GGML),
        ("secret.gguf\0", "."),
        ("", ""),
        ("a" * 5000, GGML),
    ],
)
def test_a_path_outside_of_the_folder_is_refused_and_never_read(served, model_file, path):
    reply = load(served, model_file, path)

    assert reply.status_code == 404
    assert "no model of ours" not in reply.text
    assert "root:" not in reply.text


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"modelFile": "second.gguf"}',
        b'{"path": "./models"}',
        b'{"modelFile": 1, "path": 2}',
    ],
)
def test_broken_json_and_a_missing_key_are_400(served, body):
    assert served.http.post("/models/load", content=body).status_code == 400


def test_a_file_that_comes_later_is_listed_and_loaded_without_a_restart(served, folder):
    before = entries(served)
    shutil.copyfile(bundled_model(), folder / "models" / "late.gguf")
    served.http.get("/models?reload=1")

    new = set(entries(served)) - set(before)

    assert new == {("late.gguf", "./models")}
    assert served.text_of("late")


def test_files_of_a_folder_elsewhere_are_named_by_its_whole_path(folder, tmp_path):
    with contextlib.closing(FolderServer(tmp_path, "--models-dir", str(folder / "models"))) as server:
        entry = ("top.gguf", str(folder / "models"))

        assert entry in entries(server)
        assert load(server, *entry).text == "Model loaded"
