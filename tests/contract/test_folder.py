"""`--path`: a folder's files stand before the routes, are public, and nothing outside them is."""

import os

import pytest

from corral.api.folder import Folder
from corral.api.server import create_app
from corral.core.errors import ModelLoadingError, SettingsError
from corral.core.settings import ServerSettings, Settings
from tests.fake_models import FakeModels

TYPES = {
    "page.html": "text/html; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "app.mjs": "text/javascript; charset=utf-8",
    "style.CSS": "text/css; charset=utf-8",
    "data.json": "application/json; charset=utf-8",
    "picture.png": "image/png",
    "picture.svg": "image/svg+xml",
    "code.wasm": "application/wasm",
    "something.of-our-own": "application/octet-stream",
    "nameless": "application/octet-stream",
}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "public"
    (root / "inner").mkdir(parents=True)
    (root / "index.html").write_text("<p>ours")
    (root / "inner" / "index.html").write_text("<p>inner")
    (root / "health").write_text("a file")
    (root / "completion").write_text("a file")
    (root / "a b.txt").write_text("blank")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "public-not").mkdir()
    (tmp_path / "public-not" / "secret.txt").write_text("secret")
    return root


@pytest.fixture
def client(make_client, folder):
    return make_client(server=ServerSettings(static_dir=str(folder), api_keys=("sesame",)))


@pytest.mark.parametrize("name", TYPES)
def test_a_file_has_the_type_of_its_name(client, folder, name):
    (folder / name).write_bytes(b"\x00content")

    reply = client.get(f"/{name}")

    assert (reply.status_code, reply.content) == (200, b"\x00content")
    assert reply.headers["content-type"] == TYPES[name]
    assert reply.headers["server"] == "llama.cpp"


def test_a_file_comes_before_a_route_for_get_and_head_only(client):
    key = {"authorization": "Bearer sesame"}

    assert client.get("/health").text == "a file"
    assert client.call("HEAD", "/health").headers["content-length"] == "6"
    assert client.post("/completion", {"prompt": "a"}, headers=key).json()["content"] == "Hello!"
    assert client.post("/completion", {"prompt": "a"}).status_code == 401


def test_head_brings_no_body(client):
    reply = client.call("HEAD", "/index.html")

    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-length"] == "7"


@pytest.mark.parametrize(
    ("path", "text"), [("/", "<p>ours"), ("/inner/", "<p>inner"), ("/a%20b.txt", "blank")]
)
def test_a_slash_at_the_end_means_the_index(client, path, text):
    assert client.get(path).text == text


def test_what_the_folder_lacks_is_looked_up_behind_it(client):
    assert client.get("/v1/health").json() == {"status": "ok"}
    assert client.get("/completion.js").headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.get("/slots").status_code == 401


@pytest.mark.parametrize(
    "path",
    [
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..%5csecret.txt",
        "/inner/..%2f..%2fsecret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/link.txt",
        "/linked/secret.txt",
        "/inner",
        "/pipe",
        "/a%00b",
        "/" + "a" * 5000,
    ],
)
def test_nothing_but_plain_files_of_the_folder_is_served(client, folder, path):
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    (folder / "linked").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")

    reply = client.get(path)

    assert reply.status_code == 401, reply.text  # nobody has that, and strangers are not told
    assert "secret" not in reply.text


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/inner/../../secret.txt",
        "/../public-not/secret.txt",
        "/inner/../index.html",
        "/./index.html",
        "..",
        "/..\\secret.txt",
        "//index.html",
        "/\x00",
        "/\udcff",
    ],
)
def test_no_path_that_climbs_is_looked_up(folder, path):
    assert Folder(str(folder)).find(path) is None


def test_a_link_within_the_folder_is_followed(client, folder):
    (folder / "again.html").symlink_to(folder / "index.html")

    assert client.get("/again.html").text == "<p>ours"


def test_a_range_can_be_asked_for(client):
    reply = client.get("/index.html", headers={"range": "bytes=3-4"})

    assert (reply.status_code, reply.text) == (206, "ou")


def test_while_the_model_loads_the_folder_waits_too(client, door):
    door.loading = ModelLoadingError("Loading model")

    assert client.get("/health").status_code == 503
    assert "Loading model" in client.get("/").text


@pytest.mark.parametrize("name", ["nowhere", "public/index.html"])
def test_a_folder_that_is_none_is_refused(door, folder, name):
    path = str(folder.parent / name)

    with pytest.raises(SettingsError, match=f"^static assets path not found: {path}$"):
        create_app(FakeModels(door), Settings(server=ServerSettings(static_dir=path)))
