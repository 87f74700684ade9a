"""The curl line and the Python loop that describe `PUT /put/text`, as they stand there, but for the port."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys

import pytest

from tests.model.test_seed_snippets import DEADLINE_S, Served, output

# <SERVER> is a place to fill in.
CURL = """curl -X PUT -H "Content-Type: application/json" -d '[{"role": "system", "content": "Always answer with emojis"}, {"role": "user", "content": "How to go from Beijing to NY?"}]' <SERVER>/put/text"""  # noqa: E501
LOOP = """
import requests

SERVER = "http://localhost:5000"

messages = [{"role": "system", "content": "Always answer in haiku"}]

while True:
    print("Prompt:")
    content = input()

    if content.strip().lower() == "exit":
        break

    messages.append({"role": "user", "content": content})

    response = requests.put(
        f"{SERVER}/put/text",
        json=messages,
        headers={"Content-Type": "application/json"},
    )
    choices = response.json().get("choices", {})

    print("Response:", choices.get("content", ""))
    messages.append(choices)
"""
TURNS = [
    "Hello! Who are you?",
    "What can you do?",
    "Tell me a story about a dog.",
    "And then?",
    "Is it a good dog?",
    "Why do you think so?",
    "What is two plus two?",
    "Thank you!",
]


@pytest.fixture(scope="module")
def served():
    with contextlib.closing(Served()) as server:
        yield server


def chat(served, *turns):
    """Return what the loop prints, run against the server."""
    port = re.search(r":(\d+)$", served.url)[1]
    done = subprocess.run(
        [sys.executable, "-c", LOOP.replace(":5000", f":{port}")],
        input="\n".join([*turns, "exit", ""]),
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_curl_line_is_answered(served):
    line = CURL.replace("<SERVER>", served.url)

    answer = json.loads(output("curl", "bash", "-c", line))

    assert list(answer) == ["worker_id", "choices", "version", "latency"]
    assert answer["choices"]["role"] == "assistant"
    assert answer["choices"]["content"]
    assert isinstance(answer["worker_id"], int)
    assert answer["version"]
    assert answer["latency"] > 0


def test_the_loop_chats_over_many_turns(served):
    printed = chat(served, *TURNS)

    answers = re.split(r"^Prompt:$\n", printed, flags=re.MULTILINE)[1:-1]
    assert len(answers) == len(TURNS)
    assert all(re.match(r"Response: \S", answer) for answer in answers), printed


def test_the_loop_ends_at_once_where_the_user_says_so(served):
    assert chat(served) == "Prompt:\n"
