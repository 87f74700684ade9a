"""POST /tokenize and /detokenize."""

import pytest

from corral.api.llamacpp.tokens import TOKENS_AT_ONCE


@pytest.mark.parametrize(
    ("body", "tokens"),
    [
        ({"content": "ab"}, [97, 98]),
        ({"content": "ab", "add_special": True}, [256, 97, 98]),
        ({"content": "<s>a"}, [256, 97]),
        ({"content": "<s>a", "parse_special": False}, [60, 115, 62, 97]),
        ({"content": ["a", 5, "b"]}, [97, 5, 98]),
        ({"content": [5, 6]}, [5, 6]),
        ({"content": ""}, []),
        ({"content": []}, []),
        ({}, []),
    ],
)
def test_tokenize(client, body, tokens):
    assert client.post("/tokenize", body).json() == {"tokens": tokens}


def test_pieces_are_text_or_bytes(client):
    reply = client.post("/tokenize", {"content": "aé", "with_pieces": True}).json()

    assert reply["tokens"] == [
        {"id": 97, "piece": "a"},
        {"id": 195, "piece": [195]},
        {"id": 169, "piece": [169]},
    ]


def test_many_pieces_are_shown_like_few(client):
    text = "a" * (TOKENS_AT_ONCE + 1)

    reply = client.post("/tokenize", {"content": text, "with_pieces": True}).json()

    assert reply["tokens"] == [{"id": 97, "piece": "a"}] * len(text)


@pytest.mark.parametrize("content", [5, {"a": 1}, [1.5], [True], [["a"]], [None]])
def test_other_content_is_400(client, refused, content):
    refused(client.post("/tokenize", {"content": content}), "'content")


@pytest.mark.parametrize("content", [[-1], [260], ["a", 10**30]])
def test_unknown_ids_in_content_are_400(client, refused, content):
    refused(client.post("/tokenize", {"content": content}), "invalid tokens")


@pytest.mark.parametrize(
    ("body", "content"),
    [({"tokens": [256, 97, 98]}, "<s>ab"), ({"tokens": []}, ""), ({}, ""), ({"tokens": [195]}, "�")],
)
def test_detokenize(client, body, content):
    assert client.post("/detokenize", body).json() == {"content": content}


@pytest.mark.parametrize("tokens", ["a", [-1], [260], [1.5], ["a"], [[1]], 5])
def test_other_tokens_are_400(client, refused, tokens):
    refused(client.post("/detokenize", {"tokens": tokens}), "'tokens")


def test_text_comes_back_from_its_tokens(client):
    text = "Ünïcode 水 text"

    tokens = client.post("/tokenize", {"content": text}).json()["tokens"]

    assert client.post("/detokenize", {"tokens": tokens}).json()["content"] == text
