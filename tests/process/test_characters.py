"""A whole server with a folder of characters: they speak, and files may change while it runs."""

from __future__ import annotations

import time

from tests.process.many_server import fake_server

DEADLINE_S = 30
MIRA = "name: Mira\ndescription: '{{char}} keeps the lighthouse, {{user}}.'\nsampling: {max_tokens: 3}\n"
CHAT = {"model": "a@mira", "user": "Ada", "messages": [{"role": "user", "content": "hi"}]}


def listed(server):
    return server.http.get("/characters").json()


def until(condition):
    """Wait for what the server notices within seconds."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s, "the server has not noticed"


def test_a_model_speaks_as_a_character_of_the_folder(tmp_path):
    folder = tmp_path / "cast"
    folder.mkdir()
    (folder / "mira.yaml").write_text(MIRA)

    with fake_server(tmp_path, "--characters-dir", str(folder), a="fake:") as server:
        prompt = server.http.post("/apply-template", json=CHAT).json()["prompt"]
        answer = server.http.post("/v1/chat/completions", json=CHAT).json()

    assert "Mira keeps the lighthouse, Ada." in prompt
    assert answer["model"] == "a@mira"
    assert answer["usage"]["completion_tokens"] == 3


def test_new_broken_and_vanished_files_count_while_the_server_runs(tmp_path):
    folder = tmp_path / "cast"
    folder.mkdir()

    with fake_server(tmp_path, "--characters-dir", str(folder), a="fake:") as server:
        before = server.http.post("/v1/chat/completions", json=CHAT).status_code
        (folder / "mira.yaml").write_text(MIRA)
        until(lambda: listed(server)["characters"])
        (folder / "mira.yaml").write_text("name: [broken\n")
        until(lambda: listed(server)["complaints"])
        broken = server.http.post("/apply-template", json=CHAT).json()["prompt"]
        (folder / "mira.yaml").unlink()
        until(lambda: not listed(server)["characters"])

    assert before == 404
    assert "keeps the lighthouse" in broken
