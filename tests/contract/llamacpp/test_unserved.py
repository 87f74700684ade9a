"""Routes of llama-server that are not served say so; those for Ollama's clients are."""

from __future__ import annotations

import pytest

from corral.api.llamacpp.unserved import TABLE

ROWS = [(method, path, unserved.reason) for unserved in TABLE for method, path in unserved.rows]


@pytest.mark.parametrize(("method", "path", "reason"), ROWS)
def test_a_route_that_is_not_served_says_why(client, refused, method, path, reason):
    reply = client.call(method, path.replace("{conversation}", "c1"))

    assert refused(reply, reason, status=501)["type"] == "not_supported_error"


def test_they_need_the_key(locked_client):
    assert locked_client.post("/models/load").status_code == 401


def test_other_methods_on_their_paths_stay_as_they_were(client):
    assert client.get("/models").json()["data"][0]["id"] == "tiny"
    assert client.get("/predict").status_code == 404


def test_ollamas_clients_find_the_model(client, locked_client):
    shown = client.post("/api/show", {"name": "whatever"}).json()

    assert shown["model_info"] == {"llama.context_length": 2048}
    assert shown["capabilities"] == ["completion"]
    assert (shown["details"]["format"], shown["details"]["family"]) == ("gguf", "llama")
    assert locked_client.get("/api/tags").json()["models"][0]["name"] == "tiny"


def test_ollamas_chat_is_openais(client):
    reply = client.post("/api/chat", {"messages": [{"role": "user", "content": "hi"}]}).json()

    assert reply["choices"][0]["message"]["content"] == "Hello!"
