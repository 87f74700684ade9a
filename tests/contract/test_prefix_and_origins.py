"""`--api-prefix`, and what pages of other origins may do."""

import pytest

from corral.core.errors import ModelLoadingError
from corral.core.settings import CorsSettings, ServerSettings

ALLOW_ORIGIN = "access-control-allow-origin"


@pytest.fixture
def prefixed(make_client):
    return make_client(server=ServerSettings(prefix="/v1/llm", api_keys=("sesame",)))


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/docs", "/completion.js"])
def test_everything_stands_under_the_prefix(prefixed, path):
    assert prefixed.get(f"/v1/llm{path}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/health", "/v1/models", "/v1/llmhealth", "/v1/ll", "/v1/llm/v1/llm/health"]
)
def test_nothing_stands_beside_the_prefix(prefixed, path):
    key = {"x-api-key": "sesame"}

    assert prefixed.get(path, headers=key).status_code == 404


def test_under_the_prefix_a_key_is_asked_for_as_ever(prefixed):
    body = {"prompt": "a"}

    assert prefixed.post("/v1/llm/completion", body).status_code == 401
    assert prefixed.post("/v1/llm/completion", body, headers={"x-api-key": "sesame"}).status_code == 200


def test_the_prefix_itself_leads_to_the_page(prefixed):
    reply = prefixed.get("/v1/llm")

    assert (reply.status_code, reply.headers["location"]) == (307, "llm/")


def test_the_description_knows_its_prefix(prefixed):
    assert prefixed.get("/v1/llm/openapi.json").json()["servers"] == [{"url": "/v1/llm"}]


def test_under_the_prefix_the_loading_page_is_shown(prefixed, door):
    door.loading = ModelLoadingError("Loading model")

    assert prefixed.get("/v1/llm/").headers["content-type"] == "text/html; charset=utf-8"


def test_under_the_prefix_a_folder_is_served(make_client, tmp_path):
    (tmp_path / "index.html").write_text("<p>ours")
    client = make_client(server=ServerSettings(prefix="/llm", static_dir=str(tmp_path)))

    assert client.get("/llm/").text == "<p>ours"
    assert client.get("/index.html").status_code == 404


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ("*", "https://any.org", "https://any.org"),
        ("localhost", "http://localhost:3000", "http://localhost:3000"),
        ("localhost", "https://127.0.0.1", "https://127.0.0.1"),
        ("localhost", "http://[::1]:80", "http://[::1]:80"),
        ("localhost", "http://localhost.evil.org", None),
        ("localhost", "http://evil.org/localhost", None),
        ("localhost", "http://[", None),
        ("localhost", "null", None),
        ("https://a.org, https://b.org/", "https://a.org", "https://a.org"),
        ("https://a.org, https://b.org/", "https://b.org", "https://b.org"),
        ("https://a.org, https://b.org/", "https://c.org", None),
        ("https://a.org", "https://a.org.evil.org", None),
    ],
)
def test_an_origin_is_told_whether_it_may_read(make_client, origins, origin, allowed):
    client = make_client(server=ServerSettings(cors=CorsSettings(origins=origins)))

    for method in ("GET", "OPTIONS"):
        reply = client.call(method, "/health", headers={"origin": origin})
        assert reply.status_code == 200
        assert reply.headers.get(ALLOW_ORIGIN) == allowed


@pytest.mark.parametrize("origins", ["localhost", "https://a.org,"])
def test_a_request_of_no_origin_is_told_nothing(make_client, origins):
    client = make_client(server=ServerSettings(cors=CorsSettings(origins=origins)))

    reply = client.get("/health")

    assert ALLOW_ORIGIN not in reply.headers
    assert reply.headers["vary"] == "origin"


def test_without_credentials_a_star_is_a_star(make_client):
    client = make_client(server=ServerSettings(cors=CorsSettings(has_credentials=False)))

    reply = client.call("OPTIONS", "/health", headers={"origin": "https://a.org"})

    assert reply.headers[ALLOW_ORIGIN] == "*"
    assert reply.headers["access-control-allow-credentials"] == "false"


def test_methods_and_headers_are_those_of_the_options(make_client):
    cors = CorsSettings(methods="GET", headers="Authorization, Content-Type")
    client = make_client(server=ServerSettings(cors=cors))

    reply = client.call("OPTIONS", "/completion", headers={"origin": "https://a.org"})

    assert reply.headers["access-control-allow-methods"] == "GET"
    assert reply.headers["access-control-allow-headers"] == "Authorization, Content-Type"
