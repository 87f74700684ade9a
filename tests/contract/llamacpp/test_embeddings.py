"""POST /embedding and /embeddings, and what embeddings mean for the other routes."""

import base64
import math
import struct

import pytest

from corral.core.errors import InputTooLargeError
from corral.core.settings import GenerationDefaults, ServerSettings

NATIVE = ["/embedding", "/embeddings"]
ALL = [*NATIVE, "/v1/embeddings"]
OFF = "This server does not support embeddings. Start it with `--embeddings`"
NO_COMPLETIONS = "This server does not support completions. Start it without `--embeddings` or `--reranking`"


@pytest.fixture(autouse=True)
def _embedding(run_for):
    run_for("embed")


@pytest.mark.parametrize("path", ALL)
def test_content_gives_an_object(client, path):
    assert client.post(path, {"content": "abc"}).json() == {
        "embedding": [pytest.approx(0.6), pytest.approx(0.8)],
        "index": 0,
    }


@pytest.mark.parametrize("path", ALL)
def test_input_gives_a_list(client, path):
    reply = client.post(path, {"input": ["abc", "de"], "model": "mine"}).json()

    assert reply["object"] == "list"
    assert reply["model"] == "mine"
    assert reply["usage"] == {"prompt_tokens": 5, "total_tokens": 5}
    assert [item["index"] for item in reply["data"]] == [0, 1]
    assert {item["object"] for item in reply["data"]} == {"embedding"}
    assert reply["data"][0]["embedding"] == pytest.approx([0.6, 0.8])


def test_the_list_names_the_model_of_the_server(client):
    assert client.post("/embeddings", {"input": "a"}).json()["model"] == "tiny"


def test_several_contents_give_an_array(client):
    reply = client.post("/embedding", {"content": ["a", "b"]}).json()

    assert [item["index"] for item in reply] == [0, 1]


@pytest.mark.parametrize("path", NATIVE)
@pytest.mark.parametrize("key", ["content", "input"])
def test_the_newest_shape_is_an_array_of_arrays(make_client, path, key):
    client = make_client(server=ServerSettings(embedding_shape="path"))

    assert client.post(path, {key: "abc"}).json() == [
        {"index": 0, "embedding": [[pytest.approx(0.6), pytest.approx(0.8)]]}
    ]


def test_the_newest_shape_keeps_the_list_on_the_openai_path(make_client):
    client = make_client(server=ServerSettings(embedding_shape="path"))

    assert client.post("/v1/embeddings", {"input": "abc"}).json()["object"] == "list"
    assert client.post("/v1/embeddings", {"content": "abc"}).json()[0]["index"] == 0


@pytest.mark.parametrize("path", NATIVE)
def test_without_pooling_every_token_has_a_vector_as_it_is(client, run_for, path):
    run_for("embed", pooling="none")

    assert client.post(path, {"input": "abc"}).json() == [{"index": 0, "embedding": [[3.0, 4.0]] * 3}]


def test_without_pooling_the_openai_path_has_no_answer(client, run_for, refused):
    run_for("embed", pooling="none")

    refused(client.post("/v1/embeddings", {"input": "abc"}), "Pooling type 'none' is not OAI compatible")


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize("key", ["input", "content"])
def test_base64_holds_the_same_numbers(client, path, key):
    body = {key: "abc"}
    plain = client.post(path, body).json()
    packed = client.post(path, {**body, "encoding_format": "base64"}).json()

    plain, packed = (reply["data"][0] if key == "input" else reply for reply in (plain, packed))
    assert packed["encoding_format"] == "base64"
    numbers = struct.unpack("<2f", base64.b64decode(packed["embedding"]))
    assert list(numbers) == pytest.approx(plain["embedding"])


@pytest.mark.parametrize(
    ("value", "inputs"),
    [
        ("ab", [["ab"]]),
        ("", [[""]]),
        ([1, 2], [[[1, 2]]]),
        ([1, "a", 2, 3], [[[1], "a", [2, 3]]]),
        (["a", "b"], [["a"], ["b"]]),
        (["a", [1, 2]], [["a"], [[1, 2]]]),
        ([[1], [2, "b"]], [[[1]], [[2], "b"]]),
        ({"prompt_string": "a"}, [["a"]]),
        ([{"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}], [["ab"]]),
    ],
)
@pytest.mark.parametrize("key", ["input", "content"])
def test_inputs_have_many_forms(client, door, key, value, inputs):
    assert client.post("/embeddings", {key: value}).status_code == 200

    assert door.inputs == inputs


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, '"input" or "content" must be provided'),
        ({"input": None}, '"input" or "content" must be provided'),
        ({"input": []}, '"input" must not be empty'),
        ({"input": [[]]}, "Input content cannot be empty"),
        ({"input": 5}, '"input" must be'),
        ({"input": [1.5]}, '"input" must be'),
        ({"input": [True]}, '"input" must be'),
        ({"input": [["a", None]]}, '"input" must be'),
        ({"input": {"content": "a"}}, '"input" must be'),
        ({"input": {"content": [{"type": "image_url"}]}}, 'type "text"'),
        ({"input": [-1]}, "invalid tokens"),
        ({"input": [260]}, "invalid tokens"),
        ({"input": ["a"] * 8193}, "at most 8192"),
        ({"input": "a", "encoding_format": "hex"}, "The format to return the embeddings in."),
        ({"input": "a", "dimensions": 1}, "'dimensions': this model's vectors have 2 numbers"),
        ({"input": "a", "embd_normalize": -2}, "'embd_normalize'"),
        ({"input": "a", "embd_normalize": 0.5}, "'embd_normalize'"),
        ({"input": "a", "embd_normalize": 10**20}, "'embd_normalize'"),
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ALL)
def test_a_bad_body_is_400(client, refused, path, body, words):
    refused(client.post(path, body), words)


def test_the_dimensions_that_the_model_has_are_served(client):
    assert client.post("/v1/embeddings", {"input": "a", "dimensions": 2.0}).status_code == 200


@pytest.mark.parametrize(
    ("norm", "vector"),
    [
        (-1, [3.0, 4.0]),
        (0, [24570.0, 32760.0]),
        (1, [3 / 7, 4 / 7]),
        (2, [0.6, 0.8]),
        (3, [3 / math.cbrt(91), 4 / math.cbrt(91)]),
    ],
)
def test_the_client_or_the_server_chooses_the_norm(client, make_client, norm, vector):
    server = make_client(generation=GenerationDefaults(embd_normalize=norm))

    asked = client.post("/embedding", {"content": "a", "embd_normalize": norm}).json()
    given = server.post("/embedding", {"content": "a"}).json()

    assert asked["embedding"] == pytest.approx(vector)
    assert given["embedding"] == pytest.approx(vector)


def test_an_input_beyond_the_batch_is_our_error(client, door, refused):
    door.refusal = InputTooLargeError("input is too large to process", n_prompt_tokens=600, n_ubatch=512)

    error = refused(client.post("/embedding", {"content": "a"}), "too large", status=500)

    assert error == {
        "code": 500,
        "message": "input is too large to process",
        "type": "server_error",
        "n_prompt_tokens": 600,
        "n_ubatch": 512,
    }


@pytest.mark.parametrize("path", ALL)
@pytest.mark.parametrize(("purpose", "rest"), [("generate", ""), ("rank", " and without `--reranking`")])
def test_other_servers_say_how_to_start(client, run_for, path, purpose, rest):
    run_for(purpose)

    reply = client.post(path, {"input": "a"})

    assert reply.status_code == 501
    assert reply.json() == {"error": {"code": 501, "message": OFF + rest, "type": "not_supported_error"}}


@pytest.mark.parametrize("purpose", ["embed", "rank"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/completion", {"prompt": "a"}),
        ("/completions", {"prompt": "a", "stream": True}),
        ("/v1/completions", {"prompt": "a"}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}]}),
        ("/infill", {"input_prefix": "a", "input_suffix": "b"}),
    ],
)
def test_nothing_is_generated_beside_vectors(client, run_for, purpose, path, body):
    run_for(purpose)

    reply = client.post(path, body)

    assert reply.status_code == 501
    error = {"code": 501, "message": NO_COMPLETIONS, "type": "not_supported_error"}
    assert reply.json() == {"error": error}


def test_image_data_is_ignored(client):
    assert client.post("/embedding", {"content": "a", "image_data": [{"id": 1}]}).status_code == 200
