"""/completion and /v1/completions: counts, streams, seeds, prompts in all forms, probabilities, bias."""

from __future__ import annotations

import threading

import httpx
import pytest

from tests.model.suite.conftest import BANNED

MEANING = "I believe the meaning of life is"


def n_tokens(server, text, **options):
    return len(server.post("/tokenize", {"content": text, "add_special": True, **options}).json()["tokens"])


@pytest.mark.parametrize(("asked", "given"), [(8, 8), (256, 64)])
@pytest.mark.parametrize("has_tokens", [False, True])
def test_a_completion_counts_its_tokens_and_the_server_caps_them(server, asked, given, has_tokens):
    answer = server.complete(MEANING, n_predict=asked, return_tokens=has_tokens, ignore_eos=True)

    assert answer["timings"]["prompt_n"] == answer["tokens_evaluated"] == n_tokens(server, MEANING)
    assert answer["timings"]["predicted_n"] == answer["tokens_predicted"] == given
    assert answer["truncated"] is False
    assert answer["has_new_line"] is ("\n" in answer["content"])
    assert len(answer["tokens"]) == (given if has_tokens else 0)
    assert answer["content"]


def test_a_streams_last_event_tells_everything_and_the_others_their_tokens(server):
    *events, last = server.stream("/completion", {"prompt": MEANING, "n_predict": 256, "ignore_eos": True})

    assert [event["stop"] for event in events] == [False] * len(events)
    assert all(event["tokens"] and isinstance(event["content"], str) for event in events)
    assert sum(len(event["tokens"]) for event in events) == 64
    assert (last["stop"], last["stop_type"], last["content"]) == (True, "limit", "")
    assert last["timings"]["predicted_n"] == last["generation_settings"]["n_predict"] == 64
    assert last["generation_settings"]["seed"] == 42
    assert {"adaptive_target", "adaptive_decay"} <= set(last["generation_settings"])


def test_a_stream_says_what_the_whole_answer_says(server):
    body = {"prompt": MEANING, "n_predict": 16}

    streamed = "".join(event["content"] for event in server.stream("/completion", body))

    assert streamed == server.complete(**body)["content"]


def test_without_a_seed_the_servers_is_used(server):
    first, second = (server.complete(MEANING, n_predict=16) for _ in range(2))

    assert first["content"] == second["content"]
    assert first["generation_settings"]["seed_cur"] == 42


@pytest.mark.parametrize("n_slots", [1, 2])
def test_one_seed_one_text(serve, n_slots):
    server = serve(parallel=n_slots, ctx_size=256 * n_slots)

    texts = {
        server.complete(MEANING, seed=42, temperature=0.0, cache_prompt=False)["content"] for _ in range(4)
    }

    assert len(texts) == 1


@pytest.mark.parametrize("n_slots", [1, 2])
def test_other_seeds_other_texts(serve, n_slots):
    server = serve(parallel=n_slots, ctx_size=256 * n_slots)

    texts = [server.complete(MEANING, seed=seed, temperature=1.0)["content"] for seed in range(4)]

    assert len(set(texts)) == 4


def test_prompts_come_as_text_as_tokens_and_mixed(server):
    tokens = server.post("/tokenize", {"content": MEANING, "add_special": True}).json()["tokens"]
    options = {"n_predict": 8, "temperature": 0.0}

    one = server.complete(tokens, **options)
    alike = server.complete([tokens, MEANING, {"prompt_string": MEANING}], **options)
    mixed = server.complete([1, 5, 6, MEANING, 7, 8, MEANING], **options)

    assert {answer["content"] for answer in alike} == {one["content"]}
    assert isinstance(mixed["content"], str)
    assert server.complete({"prompt_string": MEANING}, **options)["content"] == one["content"]


@pytest.mark.parametrize("images", [["AAAA"], "AAAA", {"a": 1}, 7])
def test_an_object_with_images_needs_a_model_that_sees(server, images):
    prompt = {"prompt_string": "a <__media__>", "multimodal_data": images}

    reply = server.post("/completion", {"prompt": prompt})

    assert reply.status_code == 501
    assert "--mmproj" in reply.json()["error"]["message"]


@pytest.mark.parametrize("n_batch", [16, 32])
def test_a_batch_of_another_size_gives_the_same_text(serve, server, n_batch):
    other = serve(batch_size=n_batch, parallel=1, ctx_size=256)

    texts = {one.complete(MEANING, temperature=0.0)["content"] for one in (server, other, other)}

    assert len(texts) == 1


def test_greedy_texts_beside_each_other_are_what_each_is_alone(serve):
    server = serve(parallel=4, ctx_size=1024)
    alone = server.complete("Write a very long story about AI.", temperature=0.0)["content"]
    texts = []

    def ask():
        texts.append(server.complete("Write a very long story about AI.", temperature=0.0)["content"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert texts == [alone] * 4


def test_response_fields_choose_what_is_told(server):
    fields = ["content", "generation_settings/n_predict", "prompt"]

    chosen = server.complete(MEANING, n_predict=32, response_fields=fields)
    whole = server.complete(MEANING, n_predict=8, response_fields=[])

    assert set(chosen) == set(fields)
    assert chosen["generation_settings/n_predict"] == 32
    assert "generation_settings" in whole


def test_probabilities_have_ten_entries_per_token(server):
    answer = server.complete(MEANING, n_probs=10, temperature=0.0, n_predict=5)

    items = answer["completion_probabilities"]
    assert len(items) == 5
    for item in items:
        assert item["id"] > 0
        assert item["logprob"] <= 0.0
        assert bytes(item["bytes"]).decode("utf-8", "replace") == item["token"]
        assert len(item["top_logprobs"]) == len(item["probs"]) == 10
        assert all(top["id"] > 0 and top["logprob"] <= 0.0 for top in item["top_logprobs"])


def test_a_stream_has_one_probability_per_event(server):
    body = {"prompt": MEANING, "n_probs": 10, "temperature": 0.0, "n_predict": 5}

    *events, _ = server.stream("/completion", body)

    assert [len(event["completion_probabilities"]) for event in events] == [1] * 5
    assert all(len(event["completion_probabilities"][0]["top_logprobs"]) == 10 for event in events)


def test_at_temperature_0_the_best_of_ten_has_all_the_probability(server):
    answer = server.complete(MEANING, n_probs=10, temperature=0.0, n_predict=5, post_sampling_probs=True)

    for item in answer["completion_probabilities"]:
        shown = [top["prob"] for top in item["top_probs"]]
        assert item["prob"] == 1.0
        assert len(shown) == 10
        assert shown == [1.0] + [0.0] * 9


def test_above_it_only_what_may_come_is_shown(server):
    answer = server.complete(MEANING, n_probs=10, temperature=1.0, n_predict=16, post_sampling_probs=True)

    for item in answer["completion_probabilities"]:
        shown = [top["prob"] for top in item["top_probs"]]
        assert 0.0 < item["prob"] <= 1.0
        assert all(0.0 < prob <= 1.0 for prob in shown)
        assert len(shown) == 10 or sum(shown) == pytest.approx(1.0)


@pytest.mark.parametrize("is_object", [False, True])
@pytest.mark.parametrize("is_tokenized", [False, True])
def test_bias_keeps_words_out_in_every_spelling(server, is_object, is_tokenized):
    if is_tokenized:
        text = " " + " ".join(BANNED) + " "
        keys = server.post("/tokenize", {"content": text}).json()["tokens"]
    else:
        keys = [f" {word} " for word in BANNED]
    bias = {str(key): -100 for key in keys} if is_object else [[key, -100] for key in keys]

    text = server.complete("What is the best book", n_predict=64, temperature=0.0, logit_bias=bias)["content"]

    assert not [word for word in BANNED if f" {word} " in text]


def test_ignoring_the_end_forbids_every_token_that_ends(server):
    settings = server.complete(n_predict=8, ignore_eos=True, temperature=0.0)["generation_settings"]

    assert settings["logit_bias"]
    assert all(entry["bias"] is None and entry["token"] >= 0 for entry in settings["logit_bias"])


def test_nothing_is_forbidden_otherwise(server):
    settings = server.complete(n_predict=8, ignore_eos=False)["generation_settings"]

    assert settings["logit_bias"] == []


def test_requests_beyond_the_slots_wait_their_turn(server):
    texts = {}

    def ask(number):
        texts[number] = server.complete(f"Story {number}", seed=42, temperature=1.0, ignore_eos=True)[
            "content"
        ]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(texts) == list(range(6))
    assert all(len(text) > 10 for text in texts.values())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/completion", {"prompt": MEANING}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}]}),
    ],
)
def test_a_client_that_gives_up_frees_its_slot(endless, path, body):
    with pytest.raises(httpx.ReadTimeout):
        endless.post(path, {**body, "ignore_eos": True}, timeout=0.1)

    endless.until_idle()
    assert endless.slots()[0]["next_token"]["n_decoded"] < 900


def test_the_older_suites_body_with_its_nulls_is_taken(server):
    body = {
        "input_prefix": None,
        "prompt": "Write a joke about AI",
        "input_suffix": None,
        "n_predict": -1,
        "cache_prompt": False,
        "id_slot": None,
        "seed": 42,
        "temperature": 0.8,
        "n_probs": 2,
    }

    reply = server.post("/completion", body, headers={"Origin": "my.super.domain"})

    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == "my.super.domain"
    assert all(len(item["probs"]) == 2 for item in reply.json()["completion_probabilities"])


def test_openais_client_completes(server):
    with server.openai() as client:
        whole = client.completions.create(model="davinci-002", prompt=MEANING, max_tokens=8)
        chunks = list(
            client.completions.create(model="davinci-002", prompt=MEANING, max_tokens=8, stream=True)
        )

    text = "".join(chunk.choices[0].text for chunk in chunks if chunk.choices[0].finish_reason is None)
    assert whole.system_fingerprint.startswith("b")
    assert whole.choices[0].finish_reason == chunks[-1].choices[0].finish_reason == "length"
    assert whole.choices[0].text == text != ""
