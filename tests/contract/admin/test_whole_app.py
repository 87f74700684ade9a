"""The admin API beside the other dialects: two kinds of keys, and a model that is being loaded."""

import pytest

from corral.core.errors import ModelLoadingError
from corral.core.settings import ServerSettings


def bearer(key):
    return {"authorization": f"Bearer {key}"}


@pytest.fixture
def locked(make_client):
    return make_client(server=ServerSettings(api_keys=("ordinary",), admin_keys=("admin",)))


def test_an_ordinary_key_does_not_open_the_admin_api(locked, refused):
    reply = locked.get("/admin/models", headers=bearer("ordinary"))

    refused(reply, "admin key", status=401)


def test_an_admin_key_opens_everything(locked):
    assert locked.get("/admin/models", headers=bearer("admin")).status_code == 200
    assert locked.post("/completion", {"prompt": "hi"}, headers=bearer("admin")).status_code == 200


@pytest.mark.parametrize("path", ["/admin/models", "/admin//models", "/admin/models/tiny"])
def test_without_any_key_nothing_opens(locked, refused, path):
    refused(locked.get(path), status=401)


def test_a_server_open_to_all_still_keeps_its_admin_api(make_client, refused):
    open_to_all = make_client(server=ServerSettings(admin_keys=("admin",)))

    assert open_to_all.post("/completion", {"prompt": "hi"}).status_code == 200
    refused(open_to_all.get("/admin/models"), "admin key", status=401)
    assert open_to_all.get("/admin/models", headers=bearer("admin")).status_code == 200


def test_while_the_one_model_loads_administrators_see_it(make_client, door, refused):
    door.loading = ModelLoadingError("Loading model")
    client = make_client(server=ServerSettings(admin_keys=("admin",)))

    refused(client.get("/v1/models"), "Loading model", status=503)
    refused(client.get("/admin/models"), "admin key", status=401)
    assert client.get("/admin/models", headers=bearer("admin")).status_code == 200


def test_a_server_that_cannot_be_stopped_says_so(locked, refused):
    refused(locked.post("/admin/stop", headers=bearer("admin")), "cannot be stopped", status=501)


def test_the_admin_api_is_described_with_its_names_in_paths(locked):
    paths = locked.get("/openapi.json").json()["paths"]

    assert paths["/admin/models/{name}/load"]["post"]["tags"] == ["admin"]
    assert "get" in paths["/admin/models/{name}"]
