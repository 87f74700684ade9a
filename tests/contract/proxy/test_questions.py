"""What another server is asked: its routes, the model's name there, its key, and nothing else of ours."""

import json

import httpx
import pytest

from corral.core.settings import RemoteSettings, Settings

KEY = "sk-of-the-other-server"
CHAT = {"messages": [{"role": "user", "content": "hi"}]}
ASKED = [
    ("/v1/chat/completions", "/chat/completions"),
    ("/chat/completions", "/chat/completions"),
    ("/api/chat", "/chat/completions"),
    ("/v1/engines/other/chat/completions", "/chat/completions"),
    ("/v1/completions", "/completions"),
    ("/v1/engines/other/completions", "/completions"),
    ("/v1/embeddings", "/embeddings"),
    ("/v1/engines/other/embeddings", "/embeddings"),
    ("/v1/responses", "/responses"),
    ("/responses", "/responses"),
    ("/v1/responses/input_tokens", "/responses/input_tokens"),
]
NOT_ASKED = [
    "/completion",
    "/infill",
    "/tokenize",
    "/detokenize",
    "/apply-template",
    "/embedding",
    "/rerank",
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/chat/completions/input_tokens",
]


@pytest.mark.parametrize(("path", "there"), ASKED)
def test_openai_routes_are_asked_there(remote, other_server, path, there):
    reply = remote.post(path, {**CHAT, "model": "other"})

    assert reply.json() == {"model": "theirs"}
    assert other_server.asked[0].method == "POST"
    assert other_server.url == f"http://far.example:8080/v1{there}"
    assert other_server.body == {**CHAT, "model": "theirs"}
    assert remote.models.leases == []


@pytest.mark.parametrize("path", NOT_ASKED)
def test_other_routes_are_refused_with_the_name_of_the_model(remote, other_server, refused, path):
    refused(remote.post(path, {**CHAT, "model": "other"}), "'other'", "another server", path, status=501)
    assert other_server.asked == []


def test_its_properties_are_not_known_here(remote, refused):
    refused(remote.get("/props?model=other"), "'other'", "another server", status=501)


def test_models_that_run_here_are_asked_here(remote, other_server, door):
    assert remote.post("/v1/chat/completions", {**CHAT, "model": "tiny"}).status_code == 200
    assert len(door.requests) == 1
    assert other_server.asked == []


def test_an_unknown_model_is_asked_nowhere(remote, other_server, refused):
    refused(remote.post("/v1/chat/completions", {**CHAT, "model": "none"}), "tiny, other", status=404)
    assert other_server.asked == []


@pytest.mark.parametrize(
    ("base_url", "asked"),
    [
        ("http://far.example", "http://far.example/v1/completions"),
        ("https://far.example/v1", "https://far.example/v1/completions"),
        ("http://far.example/llm", "http://far.example/llm/v1/completions"),
        ("http://far.example/openai/v2", "http://far.example/openai/v2/completions"),
        ("http://far.example/v1beta/openai", "http://far.example/v1beta/openai/completions"),
        ("http://v1.example/vision", "http://v1.example/vision/v1/completions"),
    ],
)
def test_a_base_url_without_a_version_is_that_of_a_whole_server(serve_remote, other_server, base_url, asked):
    serve_remote(base_url).post("/v1/completions", {"prompt": "a", "model": "other"})

    assert other_server.url == asked


def test_of_the_body_only_the_name_changes(remote, other_server):
    body = b' {"x": 1.50e+3, "model" :"other",\n"\\u0061": [ 1,2 ],"big": 123456789012345678901234567890} '

    remote.post("/v1/completions", content=body)

    assert other_server.asked[0].content == (
        b'{"x":1.50e+3,"model":"theirs","a":[ 1,2 ],"big":123456789012345678901234567890}'
    )


def test_a_body_that_names_no_model_gets_the_name(remote, other_server):
    remote.models.default = "other"

    remote.post("/v1/completions", {"prompt": "a"})

    assert other_server.body == {"prompt": "a", "model": "theirs"}


def test_without_a_name_of_its_own_it_has_the_same_there(serve_remote, other_server):
    serve_remote(model=None).post("/v1/completions", {"prompt": "a", "model": "other"})

    assert other_server.body["model"] == "other"


def test_its_aliases_mean_it(remote, other_server):
    remote.models.aliases["other"] = ("gpt-4",)

    remote.post("/v1/completions", {"prompt": "a", "model": "gpt-4"})

    assert other_server.body["model"] == "theirs"


def test_where_it_is_the_only_one_every_name_means_it(make_remote_only, other_server):
    client = make_remote_only(RemoteSettings(base_url="http://far.example", model="theirs"))

    client.post("/v1/completions", {"prompt": "a", "model": "anything"})

    assert other_server.body["model"] == "theirs"


def test_an_address_without_any_name_stands_for_all_models_there(make_remote_only, other_server):
    client = make_remote_only(RemoteSettings(base_url="http://far.example"), name="http://far.example")

    client.post("/v1/completions", {"prompt": "a", "model": "anything"})

    assert other_server.body["model"] == "anything"


@pytest.fixture
def make_remote_only(serve_remote):
    def make(remote, name="other"):
        client = serve_remote()
        (door,) = (one for one in client.models._doors if one.name == "other")
        door.name = name
        client.models._doors = (door,)
        client.models.is_single = True
        client.models.own_settings = {name: Settings(remote=remote)}
        return client

    return make


def test_the_query_is_handed_on_without_what_is_meant_for_this_server(remote, other_server):
    remote.post("/v1/completions?a=%20b&model=other&autoload=1&c", {"prompt": "a"})

    assert other_server.url == "http://far.example:8080/v1/completions?a=%20b&c"
    assert other_server.body["model"] == "theirs"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"a"', b"\xff"])
def test_what_is_no_object_is_refused_here(remote, other_server, refused, body):
    refused(remote.post("/v1/completions?model=other", content=body))
    assert other_server.asked == []


def test_a_body_that_is_too_large_is_refused_here(remote, other_server, refused):
    headers = {"content-length": str(2**40)}
    refused(remote.post("/v1/completions?model=other", content=b"{}", headers=headers), status=413)
    assert other_server.asked == []


def test_the_keys_of_clients_stay_here_and_ours_is_sent(remote, other_server):
    secrets = {
        "authorization": "Bearer sk-client",
        "x-api-key": "sk-client",
        "api-key": "sk-client",
        "cookie": "session=sk-client",
        "proxy-authorization": "sk-client",
        "openai-organization": "sk-client",
        "x-forwarded-for": "sk-client",
    }

    remote.post("/v1/completions", {"prompt": "a", "model": "other"}, headers=secrets)

    sent = other_server.asked[0].headers
    assert sent.get_list("authorization") == [f"Bearer {KEY}"]
    assert "sk-client" not in str(sent.raw)


def test_without_a_key_none_is_sent(serve_remote, other_server):
    serve_remote(api_key=None).post(
        "/v1/completions", {"prompt": "a", "model": "other"}, headers={"authorization": "Bearer sk-client"}
    )

    assert "authorization" not in other_server.asked[0].headers


def test_headers_about_the_request_are_handed_on_and_those_of_the_connection_are_not(remote, other_server):
    headers = {
        "user-agent": "me/1",
        "idempotency-key": "42",
        "accept-encoding": "br",
        "connection": "x-request-id",
        "te": "trailers",
        "content-type": "text/plain",
    }

    remote.post("/v1/completions", content=b'{"model": "other"}', headers=headers)

    sent = dict(other_server.asked[0].headers)
    assert sent == {
        "accept": "*/*",
        "accept-encoding": "identity",
        "authorization": f"Bearer {KEY}",
        "content-length": str(len(b'{"model":"theirs"}')),
        "content-type": "application/json",
        "corral-hops": "1",
        "host": "far.example:8080",
        "idempotency-key": "42",
        "user-agent": "me/1",
    }


@pytest.mark.parametrize(("n_hops", "sent"), [("1", "2"), ("7", "8"), ("", "1"), ("-3", "1"), ("x", "1")])
def test_the_servers_on_the_way_are_counted(remote, other_server, n_hops, sent):
    remote.post("/v1/completions", {"model": "other"}, headers={"corral-hops": n_hops})

    assert other_server.asked[0].headers["corral-hops"] == sent


def test_a_circle_of_servers_ends(remote, other_server, refused):
    reply = remote.post("/v1/completions", {"model": "other"}, headers={"corral-hops": "8"})

    refused(reply, "'other'", "in a circle", status=508)
    assert other_server.asked == []


def test_a_server_that_is_its_own_other_server_says_so(remote, other_server):
    async def ask_ourselves(request):
        other_server.asked.append(request)
        body = json.loads(request.content)
        return await remote_transport.handle_async_request(
            httpx.Request(
                "POST",
                "http://corral/v1/completions",
                headers=request.headers,
                json={**body, "model": "other"},
            )
        )

    remote_transport = httpx.ASGITransport(remote.app)
    other_server.handle_async_request = ask_ourselves

    reply = remote.post("/v1/completions", {"model": "other", "prompt": "a"})

    assert reply.status_code == 508
    assert "in a circle" in reply.json()["error"]["message"]
    assert len(other_server.asked) == 8
