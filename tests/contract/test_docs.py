"""`/docs` works without a network."""

import msgspec
import pytest

from corral.core.messages import InfillTokens


def test_the_page_loads_its_parts_from_here(client):
    page = client.get("/docs")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "http://" not in page.text
    assert "https://" not in page.text


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("swagger-ui-bundle.js", "text/javascript"),
        ("swagger-ui.css", "text/css"),
        ("favicon-32x32.png", "image/png"),
    ],
)
def test_each_part_is_served(client, name, kind):
    reply = client.get(f"/docs/{name}")

    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("name", ["index.html", "..%2f__init__.py", "swagger-ui.js"])
def test_nothing_else_of_the_package_is(client, refused, name):
    refused(client.get(f"/docs/{name}"), status=404)


def test_the_description_is_openapi(client):
    document = client.get("/openapi.json").json()

    assert document["openapi"].startswith("3.")
    assert "/v1/chat/completions" in document["paths"]


CLOSED = {"/props", "/slots/{id_slot}"}  # without the flags that open them


def purpose_of(path):
    if "rerank" in path:
        return "rank"
    return "embed" if "embedding" in path else "generate"


def status_of(path):
    if path.startswith("/admin/") or path == "/models":
        return 401  # nobody has a key here; their examples are tried beside their other tests
    return 501 if path in CLOSED else 200


def test_every_example_is_served(client, door, run_for):
    infill = InfillTokens(prefix=1, suffix=2, middle=3)
    door.model_facts = msgspec.structs.replace(door.model_facts, infill=infill)
    paths = client.get("/openapi.json").json()["paths"]
    described = [(path, method, paths[path][method]) for path in paths for method in paths[path]]

    for path, method, operation in described:
        if "requestBody" in operation:
            run_for(purpose_of(path))
            example = operation["requestBody"]["content"]["application/json"]["example"]
            assert client.call(method.upper(), path, json=example).status_code == status_of(path), path
