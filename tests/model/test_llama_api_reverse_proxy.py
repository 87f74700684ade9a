"""A model of `model_definitions.py` that another server runs: here one more Corral, with a real model."""

from __future__ import annotations

import pytest

from tests.model.folder_server import FolderServer, lay_out, until

KEY = "the-key-of-the-other-server"
PROXY = """\
from llama_api.schemas.models import ReverseProxyModel

elsewhere = ReverseProxyModel(model_path="{url}/v1", model="orca_mini_3b", api_key="{key}")
without_key = ReverseProxyModel(model_path="{url}/v1/chat/completions", model="orca_mini_3b")
nowhere = ReverseProxyModel(model_path="http://127.0.0.1:9/v1")
openai_replacement_models = {{"gpt-4": "elsewhere"}}
"""
USER = [{"role": "user", "content": "Hello!"}]


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    folder = lay_out(tmp_path_factory.mktemp("other"))
    server = FolderServer(folder, "--definitions", "model_definitions.py", "-k", KEY, key=KEY)
    yield server
    server.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory, other):
    folder = tmp_path_factory.mktemp("proxy")
    (folder / "model_definitions.py").write_text(PROXY.format(url=other.url, key=KEY))
    server = FolderServer(folder, "--definitions", "model_definitions.py")
    yield server
    server.close()


@pytest.mark.parametrize("name", ["elsewhere", "gpt-4"])
def test_a_completion_is_the_other_servers(served, other, name):
    assert served.text_of(name) == other.text_of("orca_mini_3b")


def test_a_stream_passes_through(served):
    body = {"model": "elsewhere", "messages": USER, "temperature": 0, "max_tokens": 9, "stream": True}

    with served.http.stream("POST", "/v1/chat/completions", json=body) as answer:
        lines = [line for line in answer.iter_lines() if line]

    assert len(lines) > 2
    assert all(line.startswith("data: {") for line in lines[:-1])
    assert lines[-1] == "data: [DONE]"


def test_a_client_that_goes_away_frees_the_slot_of_the_other_server(served, other):
    with served.streaming("elsewhere"):
        assert other.n_busy("orca_mini_3b") == 1

    until(lambda: other.n_busy("orca_mini_3b") == 0)


def test_the_key_stays_with_the_server(served):
    shown = "".join(
        served.http.get(path).text for path in ("/v1/models", "/models", "/props?model=elsewhere")
    )

    assert KEY not in shown + str(served.view("elsewhere")) + served.log


@pytest.mark.parametrize(("name", "status"), [("without_key", 502), ("nowhere", 502)])
def test_what_the_other_server_refuses_and_one_that_is_not_there_are_told(served, name, status):
    said = served.refusal("/v1/completions", {"model": name, "prompt": "a"}, status)

    assert name in said
