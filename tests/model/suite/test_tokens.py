"""Text to tokens and back."""

from __future__ import annotations

TEXT = "What is the capital of France ?"
HARD = "España l'heure café naïve 例子 東京 こんにちは 媽 🤗"


def test_a_text_survives_the_way_there_and_back(server):
    tokens = server.post("/tokenize", {"content": TEXT}).json()["tokens"]
    back = server.post("/detokenize", {"tokens": tokens}).json()["content"]

    assert len(tokens) > 5
    assert back.strip() == TEXT


def test_pieces_are_text_or_bytes_and_never_empty(server):
    tokens = server.post("/tokenize", {"content": HARD, "with_pieces": True}).json()["tokens"]

    pieces = [token["piece"] for token in tokens]
    as_bytes = [piece.encode() if isinstance(piece, str) else bytes(piece) for piece in pieces]
    assert all(token["id"] > 0 for token in tokens)
    assert all(pieces)
    assert any(isinstance(piece, list) for piece in pieces)
    assert b"".join(as_bytes).decode().strip() == HARD


def test_nothing_given_is_nothing_returned(server):
    assert server.post("/tokenize", {}).json() == {"tokens": []}
    assert server.post("/detokenize", {}).json() == {"content": ""}
