"""With real llama.cpp: what a key is told of a prompt does not depend on what other keys have sent."""

from __future__ import annotations

import pytest

from corral.catalog.bundled import bundled_model
from tests.process.many_server import llama_server

N_KEYS = 8
KEYS = "keys:\n" + "".join(f"- {{name: k{n}, key: sk-{n}}}\n" for n in range(N_KEYS))
STORY = "Once upon a time there was a little girl who had a red ball and a very small dog. " * 4
FIGURES = ("tokens_cached", "tokens_evaluated", "tokens_predicted", "truncated", "stopped_limit")
COUNTS = ("cache_n", "prompt_n", "predicted_n")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("isolation")
    (folder / "story.gguf").symlink_to(bundled_model())
    (folder / "corral.yaml").write_text(KEYS)
    flags = (
        "--config",
        folder / "corral.yaml",
        "--props",
        "--metrics",
        "--parallel",
        "2",
        "--cache-disk",
        "10M",
    )
    with llama_server(folder, *flags, "--cache-disk-path", folder / "prefixes") as running:
        yield running


@pytest.fixture
def ask(server):
    """Send a prompt with the key of a number; return what is told, without times."""

    def asked(number, prompt=STORY, **fields):
        body = {"model": "story", "prompt": prompt, "n_predict": 4, "temperature": 0, "ignore_eos": True}
        headers = {"Authorization": f"Bearer sk-{number}"}
        reply = server.http.post(
            "/completion", json={**body, "cache_prompt": True, **fields}, headers=headers
        )
        told = reply.raise_for_status().json()
        timings = {count: told["timings"][count] for count in COUNTS}
        return {**{figure: told[figure] for figure in FIGURES}, **timings, "content": told["content"]}

    return asked


def test_a_prompt_that_another_key_has_sent_is_told_as_if_it_were_the_first_ever(ask):
    first = ask(0)

    again, other = ask(0), ask(1)

    assert first["cache_n"] == 0
    assert again["cache_n"] > 0
    assert other == first


def test_nor_does_a_key_learn_of_prefixes_that_went_to_main_memory(ask):
    prompt = "In the evening they went home. " + STORY
    first = ask(2, prompt)
    for number in range(4):  # two sequences: who was there has to go
        ask(2, f"{number} little dogs. " + STORY)

    own, other = ask(2, prompt), ask(3, prompt)

    assert first["cache_n"] == 0
    assert own["cache_n"] > 0
    assert other == first


def test_the_servers_own_system_prompt_is_shared_by_all_and_what_follows_is_not(server, ask):
    system = "You tell stories to small children, in short and simple words, and never scare them. " * 3
    server.http.post("/props?model=story", json={"system_prompt": system}).raise_for_status()

    first, n_first = ask(4), n_computed(server)
    other, n_other = ask(5), n_computed(server)
    ask(6)
    n_third = n_computed(server)

    assert other == first
    assert n_other - n_first == n_third - n_other == first["prompt_n"]


def n_computed(server):
    """Return how many prompt tokens were computed so far."""
    lines = server.http.get("/metrics?model=story").text.splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("llamacpp:prompt_tokens_total "))
