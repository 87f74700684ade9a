"""Every quantization that llama-api's README names loads and answers, several of them on one server."""

from __future__ import annotations

import pytest

from tests.model.folder_server import FolderServer
from tests.model.quantized_files import QUANTIZATIONS, quantize, types_of, write_whole

PROMPT = "Once upon a time there was a little"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quantized")
    ggml = folder / "models" / "ggml"
    ggml.mkdir(parents=True)
    write_whole(folder / "whole.gguf")
    for name in QUANTIZATIONS:
        quantize(folder / "whole.gguf", ggml / f"orca.{name}.gguf", name)
    return folder


@pytest.fixture(scope="module")
def served(folder):
    server = FolderServer(folder, "-w", "1", "-c", "512")
    yield server
    server.close()


@pytest.mark.parametrize("name", QUANTIZATIONS)
def test_the_file_is_of_the_kind_that_its_name_says(served, folder, name):
    types = types_of(folder / "models" / "ggml" / f"orca.{name}.gguf")

    quantized = {kind: n for kind, n in types.items() if kind != "F32"}  # which norms keep
    listed = served.http.get(f"/v1/models/orca.{name}").json()
    assert max(quantized, key=quantized.get) == QUANTIZATIONS[name][:4].removesuffix("_")
    assert listed["meta"]["ftype"] == QUANTIZATIONS[name]


@pytest.mark.parametrize("name", QUANTIZATIONS)
def test_it_is_loaded_by_a_request_and_answers_with_a_story(served, name):
    reply = served.complete(f"orca.{name}", PROMPT, max_tokens=24, logprobs=1)

    (choice,) = reply["choices"]
    assert choice["text"].startswith(" girl. Her name was ")
    assert sum(choice["logprobs"]["token_logprobs"]) / 24 > -1  # it is sure of what it says
    assert served.state(f"orca.{name}") == "ready"
    assert reply["usage"]["completion_tokens"] == 24
