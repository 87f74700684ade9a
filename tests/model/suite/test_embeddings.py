"""Vectors and scores of an encoder: every form of an input, what is none, and OpenAI's client."""

from __future__ import annotations

import base64
import math
import struct

import pytest

from tests.model.encoder_files import WIDTH

TEXT = "a b c"
TEXTS = ["a machine", "learning is", "machine learning", "paris"]


def vectors(server, wanted, **fields):
    reply = server.post("/v1/embeddings", {"input": wanted, **fields})
    assert reply.status_code == 200, reply.text
    return [entry["embedding"] for entry in reply.json()["data"]]


@pytest.mark.parametrize(
    ("wanted", "n"),
    [
        ("string", 1),
        ([12, 24, 26], 1),
        ([12, 24, "string", 26, 28], 1),
        (["string", "other"], 2),
        (["string", [12, 24, 26]], 2),
        ([[12, 24, 26], [12, 24, 26]], 2),
        ([[12, 24, 26], [12, "string", 24, 26]], 2),
        ({"prompt_string": "string"}, 1),
        ({"content": [{"type": "text", "text": "string"}]}, 1),
        (["one", {"prompt_string": "two"}, {"content": [{"type": "text", "text": "three"}]}], 3),
        (["one", "two", "three", "four", "five"], 5),
    ],
)
def test_every_form_of_an_input_gets_its_unit_vectors(embedder, wanted, n):
    found = vectors(embedder, wanted)

    assert len(found) == n
    assert {len(vector) for vector in found} == {WIDTH}
    assert [math.hypot(*vector) for vector in found] == pytest.approx([1.0] * n, abs=1e-3)


def test_parts_are_one_text(embedder):
    parts = [{"type": "text", "text": "hello "}, {"type": "text", "text": "world"}]

    whole, joined = vectors(embedder, ["hello world", {"content": parts}])

    assert whole == joined


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        {"content": "string"},
        {"content": [{"type": "input_audio", "input_audio": {}}]},
        {"content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]},
        {},
        7,
        [None],
        [[]],
        [10**9],
        [-1],
    ],
)
def test_what_is_no_input_is_refused(embedder, wanted):
    reply = embedder.post("/v1/embeddings", {"input": wanted})

    assert reply.status_code == 400
    assert reply.json()["error"]["message"]


@pytest.mark.parametrize("body", [{}, {"input": None}, {"input": "a", "encoding_format": "hex"}])
def test_a_body_without_input_or_with_another_format_is_refused(embedder, body):
    assert embedder.post("/v1/embeddings", body).status_code == 400


def test_equal_texts_have_equal_vectors(embedder):
    first, *others = vectors(embedder, [TEXT] * 5)

    assert all(other == pytest.approx(first, abs=1e-3) for other in others)


def test_tokens_are_counted(embedder):
    one = embedder.post("/v1/embeddings", {"input": TEXT}).json()["usage"]
    two = embedder.post("/v1/embeddings", {"input": [TEXT, TEXT]}).json()["usage"]

    assert one == {"prompt_tokens": 5, "total_tokens": 5}
    assert two == {"prompt_tokens": 10, "total_tokens": 10}


def test_base64_holds_the_same_floats(embedder):
    (plain,) = vectors(embedder, TEXT)
    (packed,) = vectors(embedder, TEXT, encoding_format="base64")

    found = struct.unpack(f"<{WIDTH}f", base64.b64decode(packed))
    assert found == pytest.approx(plain)


@pytest.mark.parametrize("path", ["/embedding", "/embeddings", "/v1/embeddings"])
def test_the_older_content_gets_one_vector(embedder, path):
    reply = embedder.post(path, {"content": TEXT}).json()

    assert len(reply["embedding"]) == WIDTH


def test_a_text_beyond_the_batch_is_too_large(embedder):
    reply = embedder.post("/v1/embeddings", {"input": "a " * 60})

    assert reply.status_code == 500
    assert "too large" in reply.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/completion", "/v1/chat/completions", "/infill"])
def test_nothing_is_generated(embedder, path):
    body = {"prompt": "a", "messages": [{"role": "user", "content": "a"}], "input_prefix": "a"}

    assert embedder.post(path, body).status_code == 501


def test_openais_client_gets_them(embedder):
    with embedder.openai() as client:
        found = client.embeddings.create(model="text-embedding-3-small", input=TEXTS)

    assert [len(item.embedding) for item in found.data] == [WIDTH] * 4
    assert found.model == "text-embedding-3-small"


def test_without_pooling_every_token_has_a_vector_of_its_own_length(serve, bert):
    server = serve(model=bert, embedding=True, pooling="none", ctx_size=128, n_predict=False)

    (entry,) = server.post("/embeddings", {"input": TEXT}).json()

    assert len(entry["embedding"]) == 5  # three words, and one token before and behind
    assert all(abs(math.hypot(*vector) - 1) > 1e-3 for vector in entry["embedding"])
    assert server.post("/v1/embeddings", {"input": TEXT}).status_code == 400


@pytest.mark.parametrize(("n", "given"), [(None, 4), (2, 2), (4, 4), (99, 4)])
def test_documents_are_ranked_best_first_and_cut(ranking, n, given):
    jina = ranking.post("/rerank", {"query": "machine", "documents": TEXTS, "top_n": n}).json()
    tei = ranking.post("/rerank", {"query": "machine", "texts": TEXTS, "top_n": n}).json()

    scores = [result["relevance_score"] for result in jina["results"]]
    assert len(scores) == len(tei) == given
    assert scores == sorted(scores, reverse=True)
    assert [result["index"] for result in jina["results"]] == [result["index"] for result in tei]
    assert [result["score"] for result in tei] == pytest.approx(scores)


def test_pairs_are_counted(ranking):
    usage = ranking.post("/rerank", {"query": "a b", "documents": ["c", "d e"]}).json()["usage"]

    assert usage["prompt_tokens"] == usage["total_tokens"] > 5


@pytest.mark.parametrize("documents", [[], None, 123, [1, 2, 3], "a", {}])
def test_documents_that_are_none_are_refused(ranking, documents):
    reply = ranking.post("/rerank", {"query": "Machine learning is", "documents": documents})

    assert reply.status_code == 400
    assert reply.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/embeddings", "/v1/embeddings"])
def test_a_ranker_has_no_vectors_and_says_where_its_scores_are(ranking, path):
    reply = ranking.post(path, {"input": "hello"})

    assert reply.status_code in (400, 501)
    assert "rerank" in reply.json()["error"]["message"]
