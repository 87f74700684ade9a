"""POST /rerank in its four spellings."""

import pytest

from corral.core.errors import InputTooLargeError

PATHS = ["/rerank", "/reranking", "/v1/rerank", "/v1/reranking"]
DOCUMENTS = ["bb", "dddd", "a", "ccc"]


@pytest.fixture(autouse=True)
def _ranking(run_for):
    run_for("rank", pooling="rank")


@pytest.mark.parametrize("path", PATHS)
def test_the_best_come_first(client, path):
    reply = client.post(path, {"query": "qq", "documents": DOCUMENTS}).json()

    assert reply == {
        "model": "tiny",
        "object": "list",
        "usage": {"prompt_tokens": 18, "total_tokens": 18},
        "results": [
            {"index": 1, "relevance_score": 4.0},
            {"index": 3, "relevance_score": 3.0},
            {"index": 0, "relevance_score": 2.0},
            {"index": 2, "relevance_score": 1.0},
        ],
    }


@pytest.mark.parametrize(("top_n", "n"), [(None, 4), (2, 2), (2.0, 2), (4, 4), (99, 4), (0, 0)])
@pytest.mark.parametrize("key", ["documents", "texts"])
def test_only_the_wanted_number_is_shown(client, key, top_n, n):
    reply = client.post("/rerank", {"query": "q", key: DOCUMENTS, "top_n": top_n}).json()

    assert len(reply["results"] if key == "documents" else reply) == n


def test_documents_are_shown_on_demand(client):
    body = {"query": "q", "documents": ["a", "bb"], "return_documents": True, "model": "mine", "top_n": 1}

    reply = client.post("/rerank", body).json()

    assert reply["model"] == "mine"
    assert reply["results"] == [{"index": 1, "relevance_score": 2.0, "document": {"text": "bb"}}]


@pytest.mark.parametrize(
    ("more", "shown"), [({}, {}), ({"return_text": True}, {"text": "bb"}), ({"return_text": False}, {})]
)
def test_texts_give_a_bare_array(client, more, shown):
    reply = client.post("/rerank", {"query": "q", "texts": ["a", "bb"], **more}).json()

    assert reply[0] == {"index": 1, "score": 2.0, **shown}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"documents": ["a"]}, '"query" must be provided'),
        ({"query": 5, "documents": ["a"]}, '"query" must be a string'),
        ({"query": "q"}, '"documents" must be a non-empty string array'),
        ({"query": "q", "documents": []}, '"documents" must be a non-empty string array'),
        ({"query": "q", "documents": 123}, '"documents" must be a non-empty string array'),
        ({"query": "q", "documents": [1, 2]}, '"documents" must be a non-empty string array'),
        ({"query": "q", "texts": ["a", None]}, '"documents" must be a non-empty string array'),
        ({"query": "q", "documents": ["a"] * 8193}, '"documents" may hold at most 8192 texts'),
        ({"query": "q", "documents": ["a"], "top_n": -1}, "Field 'top_n': must be 0 or greater"),
    ],
    ids=str,
)
def test_a_bad_body_is_400(client, refused, body, message):
    assert refused(client.post("/rerank", body))["message"] == message


def test_a_pair_beyond_the_batch_is_our_error(client, door, refused):
    door.refusal = InputTooLargeError("input is too large to process")

    refused(client.post("/rerank", {"query": "q", "documents": ["a"]}), "too large", status=500)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("purpose", ["generate", "embed"])
def test_other_servers_say_how_to_start(client, run_for, refused, path, purpose):
    run_for(purpose)

    error = refused(client.post(path, {"query": "q", "documents": ["a"]}), status=501)

    assert error["message"] == "This server does not support reranking. Start it with `--reranking`"
