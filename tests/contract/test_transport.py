"""What HTTP is like on every route: headers, methods, paths, CORS, keys, loading."""

import pytest

from corral.core.errors import (
    ContextExceededError,
    EngineCrashedError,
    InternalError,
    ModelLoadingError,
    QueueFullError,
    UnavailableError,
)

JSON_TYPE = "application/json; charset=utf-8"
CHAT = {"messages": [{"role": "user", "content": "hi"}]}
POSTS = {
    "/completion": {"prompt": "a"},
    "/completions": {"prompt": "a"},
    "/v1/completions": {"prompt": "a"},
    "/v1/chat/completions": CHAT,
    "/chat/completions": CHAT,
    "/v1/chat/completions/input_tokens": CHAT,
    "/apply-template": CHAT,
    "/tokenize": {"content": "a"},
    "/detokenize": {"tokens": [97]},
}
PUBLIC = [
    "/health",
    "/v1/health",
    "/models",
    "/v1/models",
    "/v1/models/tiny",
    "/props",
    "/docs",
    "/openapi.json",
]
KEYED = ["/slots", "/metrics", "/anything"]


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/props"])
def test_json_replies_name_the_server_and_the_exact_type(client, path):
    reply = client.get(path)

    assert reply.status_code == 200
    assert reply.headers["content-type"] == JSON_TYPE
    assert reply.headers["server"] == "llama.cpp"


def test_the_origin_is_echoed_and_empty_without_one(client):
    assert client.get("/health").headers["access-control-allow-origin"] == ""
    reply = client.get("/health", headers={"origin": "http://example.org"})
    assert reply.headers["access-control-allow-origin"] == "http://example.org"


@pytest.mark.parametrize("path", ["/completion", "/slots", "/nowhere", "/"])
def test_options_is_answered_anywhere_without_a_key(locked_client, path):
    reply = locked_client.call("OPTIONS", path, headers={"origin": "http://example.org"})

    assert reply.status_code == 200
    assert reply.content == b""
    assert reply.headers["content-type"] == "text/html"
    assert reply.headers["access-control-allow-credentials"] == "true"
    assert reply.headers["access-control-allow-headers"] == "*"
    assert reply.headers["access-control-allow-methods"] == "GET, POST, PUT, DELETE, OPTIONS"
    assert reply.headers["access-control-allow-origin"] == "http://example.org"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nowhere"),
        ("POST", "/health"),
        ("GET", "/completion"),
        ("DELETE", "/props"),
        ("GET", "/health/"),
    ],
)
def test_an_unknown_path_or_method_is_404(client, refused, method, path):
    error = refused(client.call(method, path), status=404)

    assert error == {"code": 404, "message": "File Not Found", "type": "not_found_error"}


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/props", "/docs"])
def test_head_works_where_get_does(client, path):
    assert client.call("HEAD", path).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_bodies_are_json_whatever_the_content_type_says(client, kind):
    reply = client.post("/tokenize", content=b'{"content":"a"}', headers={"content-type": kind})

    assert reply.json() == {"tokens": [97]}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"{} {}",
        b'{"prompt": "\xff", "content": "\xff", "messages": [{"role": "\xff"}], "tokens": ["\xff"]}',
        b'{"prompt": NaN}',
        b'{"prompt": Infinity}',
        b'{"prompt": "\\ud800", "x": "\\ud800"}',
        b'{"x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"prompt": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b"\x00\x01\x02",
    ],
    ids=lambda body: body[:24],
)
def test_a_broken_body_is_400_with_a_sentence(client, refused, path, body):
    error = refused(client.post(path, content=body))

    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("path", POSTS)
def test_a_body_beyond_the_cap_is_413(client, refused, monkeypatch, path):
    monkeypatch.setattr("corral.api.body.MAX_BODY_BYTES", 1000)

    error = refused(client.post(path, content=b" " * 1001), "larger than 1000 bytes", status=413)

    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize("path", POSTS)
def test_a_large_body_of_the_wrong_kind_is_refused(client, path):
    body = b'{"n_predict": "' + b"9" * 5_000_000 + b'", "content": 1, "tokens": 1}'

    assert client.post(path, content=body).status_code == 400


@pytest.mark.parametrize("path", ["/apply-template", "/v1/chat/completions"])
def test_a_chat_that_is_long_enough_for_a_thread_is_served_as_a_short_one(client, path):
    messages = [{"role": "user", "content": "long " * 20_000}]

    reply = client.post(path, {"messages": messages})

    assert reply.status_code == 200
    assert path != "/apply-template" or "long long" in reply.json()["prompt"]


@pytest.mark.parametrize("path", POSTS)
def test_unknown_keys_are_ignored_and_null_is_absent(client, path):
    nulls = dict.fromkeys(["id_slot", "temperature", "stop", "stream", "add_special", "logit_bias", "n"])

    reply = client.post(path, {**POSTS[path], **nulls, "surprise": {"deep": [1]}})

    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("path", PUBLIC)
def test_public_paths_need_no_key(locked_client, path):
    assert locked_client.get(path).status_code == 200


@pytest.mark.parametrize("path", KEYED)
def test_other_paths_need_a_key(locked_client, refused, path):
    error = refused(locked_client.get(path), status=401)

    assert error == {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}


@pytest.mark.parametrize("path", [*POSTS, "/props"])
def test_posts_need_a_key(locked_client, refused, path):
    refused(locked_client.post(path, POSTS.get(path, {})), status=401)


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer first-key"},
        {"authorization": "bearer second-key"},
        {"authorization": "second-key"},
        {"x-api-key": "second-key"},
        {"authorization": "Basic from-a-proxy", "x-api-key": "second-key"},
    ],
)
def test_a_key_is_accepted_in_each_form(locked_client, headers):
    assert locked_client.post("/tokenize", {"content": "a"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer first-ke"},
        {"authorization": "Bearer "},
        {"authorization": "Basic first-key"},
        {"x-api-key": "first-key second-key"},
        {"authorization": b"Bearer \xff\xfe"},
    ],
)
def test_a_wrong_key_is_401(locked_client, refused, headers):
    refused(locked_client.post("/tokenize", {"content": "a"}, headers=headers), "Invalid API Key", status=401)


def test_callers_differ_by_key_and_no_request_names_its_own(locked_client, door):
    for key in ("first-key", "second-key", "first-key"):
        locked_client.post("/completion", {"prompt": "a", "caller": "x"}, headers={"x-api-key": key})

    first, second, again = (request.caller for request in door.requests)
    assert first == again != second
    assert "key" not in first


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/nowhere", "/completion", "/slots"])
def test_while_loading_every_path_is_503_before_the_key_check(locked_client, door, refused, path):
    door.loading = ModelLoadingError("Loading model")

    error = refused(locked_client.get(path), status=503)

    assert error == {"code": 503, "message": "Loading model", "type": "unavailable_error"}


@pytest.mark.parametrize("path", ["/", "/index.html"])
def test_while_loading_pages_are_503_with_html(locked_client, door, path):
    door.loading = ModelLoadingError("Loading model")

    reply = locked_client.get(path)

    assert reply.status_code == 503
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert "Loading model" in reply.text


def test_a_model_that_failed_to_load_says_why(client, door, refused):
    door.loading = UnavailableError("The model <b> could not be loaded")

    refused(client.get("/health"), "could not be loaded", status=503)
    assert "&lt;b&gt; could not" in client.get("/").text


FAULTS = [
    (EngineCrashedError("The model's process ended"), 503, "unavailable_error"),
    (InternalError("llama_decode failed"), 500, "server_error"),
    (RuntimeError("secret path /x/y"), 500, "server_error"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault[0]).__name__)
@pytest.mark.parametrize("path", ["/completion", "/v1/completions", "/v1/chat/completions"])
def test_errors_before_the_first_token_are_plain_json(client, door, refused, path, fault):
    door.refusal, status, kind = fault

    for is_stream in (False, True):
        shown = refused(client.post(path, {**POSTS[path], "stream": is_stream}), status=status)
        assert shown["type"] == kind
        assert "secret" not in shown["message"]


@pytest.mark.parametrize("is_stream", [False, True])
def test_a_full_queue_is_503_with_a_time_to_retry(client, door, refused, is_stream):
    door.before = QueueFullError("The queue of requests is full", retry_after_s=5)

    reply = client.post("/completion", {"prompt": "a", "stream": is_stream})

    refused(reply, status=503)
    assert reply.headers["retry-after"] == "5"


def test_a_prompt_beyond_the_context_brings_its_counts(client, door, refused):
    message = "request (301 tokens) exceeds the available context size (128 tokens), try increasing it"
    door.refusal = ContextExceededError(message, n_prompt_tokens=301, n_ctx=128)

    error = refused(client.post("/completion", {"prompt": "a"}), "exceeds the available context size")

    assert error["type"] == "exceed_context_size_error"
    assert (error["n_prompt_tokens"], error["n_ctx"]) == (301, 128)


def test_without_a_page_there_is_nothing_at_the_root(client, refused):
    refused(client.get("/"), "File Not Found", status=404)
