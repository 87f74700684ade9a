"""n_probs and completion_probabilities."""

import pytest

from corral.core.outcome import Candidate, FinishReason, TokenProbs

A = Candidate(65, b"A", -0.5)
B = Candidate(66, b"B", -1.0)


def probs(piece):
    return TokenProbs(65, piece, -0.5, [A, B], [Candidate(65, b"A", 0.75)], 0.75)


@pytest.fixture
def answer(client):
    def ask(**body):
        return client.post("/completion", {"prompt": "a", "n_probs": 2, **body}).json()

    return ask


def test_an_item_holds_the_older_and_the_newer_keys(door, answer):
    door.texts, door.probs = ["A"], [probs(b"A")]

    (item,) = answer()["completion_probabilities"]

    assert item == {
        "content": "A",
        "probs": [{"tok_str": "A", "prob": 0.75}, {"tok_str": "B", "prob": 0.0}],
        "id": 65,
        "token": "A",
        "bytes": [65],
        "logprob": -0.5,
        "top_logprobs": [
            {"id": 65, "token": "A", "bytes": [65], "logprob": -0.5},
            {"id": 66, "token": "B", "bytes": [66], "logprob": -1.0},
        ],
    }


def test_without_n_probs_there_is_no_list(client):
    assert "completion_probabilities" not in client.post("/completion", {"prompt": "a"}).json()


def test_logprobs_is_another_name(client, sampling_of):
    client.post("/completion", {"prompt": "a", "logprobs": 3})

    assert sampling_of()["n_probs"] == 3


def test_post_sampling_probs_renames_the_newer_keys(door, answer):
    door.texts, door.probs = ["A"], [probs(b"A")]

    (item,) = answer(post_sampling_probs=True)["completion_probabilities"]

    assert item["prob"] == 0.75
    assert item["top_probs"] == [{"id": 65, "token": "A", "bytes": [65], "prob": 0.75}]
    assert "logprob" not in item


def test_after_sampling_the_impossible_is_not_shown_and_the_chosen_has_its_own_probability(door, answer):
    left = [Candidate(66, b"B", 0.75), Candidate(67, b"C", 0.0)]
    door.texts, door.probs = ["A"], [TokenProbs(65, b"A", -3.0, [A, B], left, 0.25)]

    (item,) = answer(post_sampling_probs=True)["completion_probabilities"]

    assert item["prob"] == 0.25
    assert [top["id"] for top in item["top_probs"]] == [66]


def test_beside_the_most_probable_token_the_others_had_no_chance(door, answer):
    everything = [Candidate(65, b"A", 0.75), Candidate(66, b"B", 0.25)]
    door.texts, door.probs = ["A"], [TokenProbs(65, b"A", -0.5, [A, B], everything, 1.0)]

    (item,) = answer(post_sampling_probs=True, temperature=0)["completion_probabilities"]

    assert item["top_probs"] == [
        {"id": 65, "token": "A", "bytes": [65], "prob": 1.0},
        {"id": 66, "token": "B", "bytes": [66], "prob": 0.0},
    ]
    assert [older["prob"] for older in item["probs"]] == [0.75, 0.25]


def test_the_only_token_left_by_the_chain_stands_alone(door, answer):
    door.texts, door.probs = ["A"], [TokenProbs(65, b"A", -0.5, [A, B], [Candidate(65, b"A", 1.0)], 1.0)]

    (item,) = answer(post_sampling_probs=True)["completion_probabilities"]

    assert [top["prob"] for top in item["top_probs"]] == [1.0]


def test_minus_infinity_becomes_the_lowest_float32(door, answer):
    door.texts = ["A"]
    door.probs = [TokenProbs(65, b"A", float("-inf"), [], [])]

    (item,) = answer()["completion_probabilities"]

    assert item["logprob"] == pytest.approx(-3.4028235e38)


def test_tokens_inside_a_character_have_no_item(door, answer):
    door.texts, door.probs = ["", "é"], [probs(b"\xc3"), probs(b"\xa9")]

    (item,) = answer()["completion_probabilities"]

    assert item["content"] == "byte: \\xa9"
    assert item["bytes"] == [0xA9]


def test_a_stream_sends_items_with_their_text_and_all_at_the_end(client, door):
    door.texts, door.probs = ["", "é", "A"], [probs(b"\xc3"), probs(b"\xa9"), probs(b"A")]

    first, second, last = client.events("/completion", {"prompt": "a", "n_probs": 2})

    assert [item["bytes"] for item in first["completion_probabilities"]] == [[0xA9]]
    assert [item["token"] for item in second["completion_probabilities"]] == ["A"]
    assert len(last["completion_probabilities"]) == 2


def test_the_tokens_of_a_stop_string_are_cut_off(door, answer):
    door.texts, door.probs = ["Hi", "", ""], [probs(b"Hi"), probs(b"EN"), probs(b"D")]
    door.reason, door.stop_text = FinishReason.STOP, "END"

    items = answer()["completion_probabilities"]

    assert [item["token"] for item in items] == ["Hi"]
