"""The snippets of llama-api's README run as they stand there, but for the port, and one for its model."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
import uuid

import pytest

from tests.model.folder_server import DEADLINE_S, FolderServer, lay_out

HOST = "http://localhost:8000"

COMPLETION = r"""
import requests

url = "http://localhost:8000/v1/completions"
payload = {
    "model": "orca_mini_3b",
    "prompt": "Hello, my name is",
    "max_tokens": 30,
    "top_p": 0.9,
    "temperature": 0.9,
    "stop": ["\n"]
}
response = requests.post(url, json=payload)
print(response.json())
"""
CHAT = r"""
import requests

url = "http://localhost:8000/v1/chat/completions"
payload = {
    "model": "orca_mini_3b",
    "messages": [{"role": "user", "content": "Hello there!"}],
    "max_tokens": 30,
    "top_p": 0.9,
    "temperature": 0.9,
    "stop": ["\n"]
}
response = requests.post(url, json=payload)
print(response.json())
"""
# Its own model, intfloat/e5-large-v2, is none of llama.cpp's.
EMBEDDING = r"""
import requests

url = "http://localhost:8000/v1/embeddings"
payload = {
  "model": "orca_mini_3b",  # You can also use `universal-sentence-encoder/4`
  "input": "hello world!"
}
response = requests.post(url, json=payload)
print(response.json())
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    # As `python -m main` was started: without a key.
    server = FolderServer(
        lay_out(tmp_path_factory.mktemp("snippets")), "--definitions", "model_definitions.py"
    )
    yield server
    server.close()


@pytest.fixture
def run_snippet(served):
    """Run a snippet as a program of its own; return what it prints, read as Python."""

    def run(snippet):
        here = snippet.replace(HOST, served.url)
        done = subprocess.run(
            [sys.executable, "-c", here], capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        assert done.returncode == 0, done.stderr
        return ast.literal_eval(done.stdout)

    return run


def is_id(text, prefix):
    return text == f"{prefix}-{uuid.UUID(text.removeprefix(f'{prefix}-'))}"


def test_the_completion_snippet_prints_what_the_readme_shows(run_snippet):
    before_s = int(time.time())

    reply = run_snippet(COMPLETION)

    (choice,) = reply["choices"]
    assert is_id(reply["id"], "cmpl")
    assert (reply["object"], reply["model"]) == ("text_completion", "orca_mini_3b")
    assert before_s <= reply["created"] <= time.time()
    assert choice.keys() == {"text", "index", "logprobs", "finish_reason"}
    assert (choice["index"], choice["logprobs"]) == (0, None)
    assert choice["finish_reason"] in ("stop", "length")
    assert choice["text"]
    assert "\n" not in choice["text"]


def test_a_completions_usage_counts_its_tokens(run_snippet, served):
    usage = run_snippet(COMPLETION)["usage"]

    body = {"model": "orca_mini_3b", "content": "Hello, my name is", "add_special": True}
    assert usage["prompt_tokens"] == len(served.post("/tokenize", body)["tokens"])
    assert 1 <= usage["completion_tokens"] <= 30
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_the_chat_snippet_prints_what_the_readme_shows(run_snippet):
    before_s = int(time.time())

    reply = run_snippet(CHAT)

    (choice,) = reply["choices"]
    assert re.fullmatch(r"chatcmpl-[0-9a-f]{32}", reply["id"])
    assert uuid.UUID(reply["id"].removeprefix("chatcmpl-")).version == 4
    assert (reply["object"], reply["model"]) == ("chat.completion", "orca_mini_3b")
    assert before_s <= reply["created"] <= time.time()
    assert (choice["index"], choice["finish_reason"] in ("stop", "length")) == (0, True)
    assert choice["message"].keys() == {"role", "content"}
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["content"]
    assert reply["usage"]["total_tokens"] == sum(
        reply["usage"][kind] for kind in ("prompt_tokens", "completion_tokens")
    )


def test_the_embedding_snippet_prints_what_the_readme_shows_with_real_counts(run_snippet, served):
    reply = run_snippet(EMBEDDING)

    (row,) = reply["data"]
    body = {"model": "orca_mini_3b", "content": "hello world!", "add_special": True}
    n_tokens = len(served.post("/tokenize", body)["tokens"])
    assert (reply["object"], reply["model"]) == ("list", "orca_mini_3b")
    assert (row["index"], row["object"]) == (0, "embedding")
    assert len(row["embedding"]) == 256
    assert all(isinstance(number, float) for number in row["embedding"])
    assert reply["usage"] == {"prompt_tokens": n_tokens, "total_tokens": n_tokens}


def test_embeddings_take_a_text_or_a_list(served):
    one, two = (
        served.post("/v1/embeddings", {"model": "orca_mini_3b", "input": given})
        for given in ("hello world!", ["hello world!", "Once upon a time"])
    )

    assert [row["index"] for row in two["data"]] == [0, 1]
    assert two["data"][0]["embedding"] == pytest.approx(one["data"][0]["embedding"], abs=1e-4)
    assert two["usage"]["prompt_tokens"] > one["usage"]["prompt_tokens"] > 0
