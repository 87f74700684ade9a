"""A whole server whose configuration file says what each key may, on the fake runner: a token is a byte."""

from __future__ import annotations

import asyncio

import pytest

from corral.core.request import GenerationRequest
from tests.process.many_server import fake_server

KEYS = """
keys:
- {name: free, key: sk-free, weight: 2}
- {name: also, key: sk-also}
- {name: few, key: sk-few, requests_per_minute: 2}
- {name: batch, key: sk-batch, requests_per_minute: 3}
- {name: short, key: sk-short, tokens_per_day: 60}
- {name: story, key: sk-story, models: [st*]}
- {name: one, key: sk-one}
- {name: two, key: sk-two}
- {name: three, key: sk-three}
- {name: four, key: sk-four}
- {name: five, key: sk-five}
- {name: six, key: sk-six}
"""
N_FLOOD = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def server(folder):
    config, log = folder / "corral.yaml", folder / "corral.log"
    config.write_text(KEYS)
    flags = ("--config", config, "--slots", "--metrics", "--log-file", log, "-v", "--ctx-size", "4096")
    with fake_server(folder, *flags, story="fake:", tiny="fake:") as running:
        yield running


def ask(server, key, path="/completion", **body):
    body = {"model": "story", "prompt": "x" * 20, "n_predict": 5, "ignore_eos": True, **body}
    return server.http.post(path, json=body, headers={"Authorization": f"Bearer {key}"})


def test_the_request_beyond_a_quota_is_refused_and_other_keys_are_served(server):
    replies = [ask(server, "sk-few", model=model) for model in ("story", "tiny", "story")]
    streamed = ask(server, "sk-few", "/v1/completions", stream=True)
    other = ask(server, "sk-free")

    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert [reply.headers["x-ratelimit-remaining-requests"] for reply in replies] == ["1", "0", "0"]
    assert "2 requests per minute" in replies[2].json()["error"]["message"]
    assert 1 <= int(replies[2].headers["retry-after"]) <= 61
    assert streamed.status_code == 429
    assert other.status_code == 200
    assert "x-ratelimit-limit-requests" not in other.headers


def test_a_body_with_several_prompts_is_taken_on_as_a_whole_or_counts_nothing(server):
    asked = (["x"] * 4, ["x"] * 2, ["x"] * 2, "x")

    replies = [ask(server, "sk-batch", prompt=prompt) for prompt in asked]

    assert [reply.status_code for reply in replies] == [400, 200, 429, 200]
    assert [reply.headers["x-ratelimit-remaining-requests"] for reply in replies] == ["3", "1", "1", "0"]
    assert "4 prompts in one body" in replies[0].json()["error"]["message"]
    assert "no room for 2 requests at once: 3 requests" in replies[2].json()["error"]["message"]


def test_a_body_of_which_the_engine_has_no_room_for_a_prompt_counts_no_request(tmp_path):
    config = tmp_path / "narrow.yaml"
    config.write_text("keys: [{name: nine, key: sk-nine, requests_per_minute: 9}]")
    flags = ("--config", config, "-np", "1", "--max-queue-tokens", "30", "--ctx-size", "4096")
    with fake_server(tmp_path, *flags, story="fake:") as narrow:
        whole = ask(narrow, "sk-nine", prompt=["x" * 20] * 6, n_predict=2000)
        single = ask(narrow, "sk-nine")

    assert whole.status_code == 503
    assert "prompt tokens wait" in whole.json()["error"]["message"]
    assert single.headers["x-ratelimit-remaining-requests"] == "8"


def test_tokens_of_prompts_and_answers_are_counted_and_the_next_request_is_refused(server):
    replies = [ask(server, "sk-short") for _ in range(4)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert replies[0].json()["tokens_evaluated"] == 21
    assert replies[0].headers["x-ratelimit-remaining-tokens"] == "34"
    assert "60 tokens per day" in replies[3].json()["error"]["message"]


def test_a_key_finds_only_its_models(server):
    shown = server.http.get("/v1/models", headers={"Authorization": "Bearer sk-story"}).json()["data"]

    assert [model["id"] for model in shown] == ["story"]
    assert ask(server, "sk-story", model="tiny").status_code == 404
    assert ask(server, "sk-story", model="story").status_code == 200


def test_the_same_prompt_of_another_key_is_a_first_request_to_it(server):
    prompt = "a prompt that nobody has sent so far, and that is long enough to be worth copying"
    asked = {"prompt": prompt, "cache_prompt": True, "temperature": 0, "return_progress": True}

    first, again, other = (ask(server, key, **asked).json() for key in ("sk-one", "sk-one", "sk-two"))

    assert again["timings"]["cache_n"] > 0
    assert again["content"] == first["content"] == other["content"]
    for figures in ("tokens_cached", "tokens_evaluated", "truncated"):
        assert other[figures] == first[figures]
    for figure in ("cache_n", "prompt_n", "predicted_n"):
        assert other["timings"][figure] == first["timings"][figure]


def test_what_is_streamed_of_a_prompts_progress_is_too(server):
    prompt = "another one that nobody has sent, with its progress, long enough to be worth copying"
    asked = {"prompt": prompt, "cache_prompt": True, "stream": True, "return_progress": True}

    def told(key):
        lines = ask(server, key, **asked).text.splitlines()
        return [line.partition('"time_ms"')[0] for line in lines if "prompt_progress" in line]

    first, again, other = told("sk-three"), told("sk-three"), told("sk-four")

    assert first
    assert again != first
    assert other == first


def test_metrics_count_no_hit_when_another_key_sends_the_same(server):
    def n_cached():
        text = server.http.get("/metrics", params={"model": "story"}).text
        lines = (line for line in text.splitlines() if line.startswith("llamacpp:prompt_tokens_cached_total"))
        return [line.split()[1] for line in lines]

    asked = {
        "prompt": "a third prompt that nobody has sent before, long enough to be copied",
        "cache_prompt": True,
    }
    ask(server, "sk-five", **asked)
    before = n_cached()
    ask(server, "sk-six", **asked)

    assert n_cached() == before


def test_slots_show_a_key_its_own_prompts(server):
    ask(server, "sk-free", prompt="the free one's secret", id_slot=0)

    shown = {
        key: server.http.get(
            "/slots", params={"model": "story"}, headers={"Authorization": f"Bearer {key}"}
        ).text
        for key in ("sk-free", "sk-also")
    }

    assert "the free one's secret" in shown["sk-free"]
    assert "secret" not in shown["sk-also"]


def test_no_key_is_in_the_log(server, folder):
    ask(server, "sk-free")

    text = (folder / "corral.log").read_text()

    assert text
    assert "sk-" not in text


@pytest.mark.parametrize("n_parallel", [1, 2])
def test_a_key_that_floods_does_not_hold_up_another(run, loaded, n_parallel):
    async def served(gateway, caller, number, order):
        request = GenerationRequest(
            request_id=f"{caller}-{number}", prompt=["x" * 300], max_tokens=8, caller=caller
        )
        async with gateway.door.generate(request) as generation:
            async for _ in generation:
                pass
        order.append(caller)

    async def act():
        order = []
        async with loaded("fake:step_ms=2", n_parallel=n_parallel) as gateway, asyncio.TaskGroup() as group:
            for number in range(N_FLOOD):
                group.create_task(served(gateway, "flood", number, order))
            await asyncio.sleep(0)
            group.create_task(served(gateway, "other", 0, order))
        return order

    order = run(act())

    assert len(order) == N_FLOOD + 1
    assert order.index("other") <= 2 * n_parallel
