"""llama-api's command line on `corral serve`, with models as it has them."""

from __future__ import annotations

import pytest

from tests.model.folder_server import FolderServer, lay_out


@pytest.fixture
def serve(tmp_path):
    """Return a function that starts a server with these flags in a folder that declares models."""
    folder, started = lay_out(tmp_path), []

    def start(*flags, **more):
        server = FolderServer(folder, "--definitions", "model_definitions.py", *flags, **more)
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.mark.parametrize("flag", ["-k", "--api-key"])
def test_an_api_key_is_asked_for(serve, flag):
    server = serve(flag, "sesame", key="sesame")

    assert server.text_of("orca_mini_3b")
    reply = server.http.post(
        "/v1/completions",
        json={"model": "orca_mini_3b", "prompt": "a"},
        headers={"Authorization": "Bearer other"},
    )
    assert (reply.status_code, reply.json()["error"]["type"]) == (401, "authentication_error")


@pytest.mark.parametrize("flag", ["-w", "--max-workers"])
def test_the_number_of_workers_bounds_how_many_models_live(serve, flag):
    server = serve(flag, "2")

    for name in ("orca_mini_3b", "second", "third"):
        server.complete(name)

    states = [server.state(name) for name in ("orca_mini_3b", "second", "third")]
    assert states == ["unloaded", "ready", "ready"]


def test_what_the_models_need_is_installed_before_the_start(serve, tmp_path):
    # No GPU is found without a PATH: else it would be the bindings that are built.
    server = serve("--install-pkgs", "--skip-torch-install", "--skip-tf-install", PATH=str(tmp_path))

    assert "--install-pkgs: there is nothing to install" in server.log
    assert "'exllama'" in server.log  # declared, and Corral has no such runner to install for
    assert server.text_of("orca_mini_3b")


def test_p_is_the_prompt_as_in_llama_server_and_who_means_the_port_is_told(serve):
    server = serve("-p", "8000")

    assert "8000 is taken as the prompt; a port is set with --port" in server.log


def test_a_model_that_is_named_beside_the_definitions_is_the_default(serve):
    server = serve("-m", "models/ggml/third.gguf", "-a", "mine")

    reply = server.post("/v1/completions", {"prompt": "Once", "max_tokens": 2})
    assert reply["model"] == "mine"
    assert server.text_of("orca_mini_3b")
