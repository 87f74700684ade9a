"""Loading and unloading by request, in the forms of character chat and of llama-server's router."""

import asyncio

import pytest

from corral.core.errors import ModelLoadError, UnavailableError
from corral.core.model_view import ModelState
from corral.core.settings import ServerSettings
from tests.contract.conftest import data_lines

FILE = {"modelFile": "other.gguf", "path": "./models"}


@pytest.fixture
def stocked(many):
    """Serve `other`, unloaded, from a file."""
    many.models.states["other"] = ModelState.UNLOADED
    many.models.files_of = {("other.gguf", "./models"): "other"}
    return many


def test_a_file_is_loaded_and_becomes_the_default(stocked):
    reply = stocked.post("/models/load", FILE)

    assert (reply.status_code, reply.text) == (200, "Model loaded")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert stocked.post("/completion", {"prompt": "a"}).json()["content"] == "Goodbye"


def test_a_file_that_is_not_there_is_404_with_a_line_for_each_missing_one(stocked):
    reply = stocked.post("/models/load", {"modelFile": "no.safetensors", "path": "./models/x"})

    assert reply.status_code == 404
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.text.splitlines() == [
        "missing: ./models/x/no.safetensors",
        "missing: ./models/x/config.json",
    ]


def test_a_broken_file_is_404_with_its_reason(stocked):
    stocked.models.refusals["other"] = ModelLoadError("no GGUF file: it is truncated")

    reply = stocked.post("/models/load", FILE)

    assert (reply.status_code, reply.text) == (404, "no GGUF file: it is truncated")


def test_an_entry_without_a_folder_that_cannot_be_used_is_404(stocked):
    stocked.models.states["other"] = ModelState.UNUSABLE
    stocked.models.details["other"] = {"reason": "missing config.json\nmissing tokenizer.model"}

    reply = stocked.post("/models/load", {"modelFile": "other", "path": ""})

    assert (reply.status_code, reply.text.count("\n")) == (404, 1)
    assert stocked.models.changes == []


def test_a_file_with_no_room_is_503(stocked, refused):
    stocked.models.refusals["other"] = UnavailableError("No memory is free", retry_after_s=9)

    reply = stocked.post("/models/load", FILE)

    refused(reply, "No memory is free", status=503)
    assert reply.headers["retry-after"] == "9"


@pytest.mark.parametrize(
    "body",
    [{}, {"modelFile": "other.gguf"}, {"path": "./models"}, {"modelFile": 1, "path": ""}, {"model": 2}],
)
def test_a_missing_key_is_400(stocked, refused, body):
    refused(stocked.post("/models/load", body))
    assert stocked.models.changes == []


def test_broken_json_is_400(stocked, refused):
    refused(stocked.post("/models/load", content=b'{"modelFile": '))


def test_a_model_is_loaded_by_its_name_and_the_default_stays(stocked):
    assert stocked.post("/models/load", {"model": "other"}).json() == {"success": True}
    assert stocked.models.changes == [("load", "other", False)]
    assert stocked.post("/completion", {"prompt": "a"}).json()["content"] == "Hello!"


@pytest.mark.parametrize("path", ["/models/load", "/models/unload"])
def test_an_unknown_name_is_404(stocked, refused, path):
    refused(stocked.post(path, {"model": "nope"}), "tiny, other", status=404)


def test_in_a_server_of_one_only_its_own_names_are_known(client, refused):
    refused(client.post("/models/load", {"model": "nope"}), "'tiny'", status=404)
    assert client.post("/models/load", {"model": "tiny"}).json() == {"success": True}


def test_unloading_gives_the_requests_time(many):
    assert many.post("/models/unload", {"model": "other"}).json() == {"success": True}
    assert many.models.changes == [("unload", "other", 10.0)]


def test_what_is_not_running_is_not_unloaded(stocked, refused):
    refused(stocked.post("/models/unload", {"model": "other"}), "model is not running")
    refused(stocked.post("/models/unload", {}), '"model" must be provided')


def test_states_are_told_as_they_change(many):
    many.models.news = [
        ("new", ModelState.DOWNLOADING, 0.5),
        ("new", ModelState.LOADING, 0.25),
        ("new", ModelState.READY, None),
        ("other", ModelState.UNLOADING, None),
        ("other", ModelState.FAILED, None),
    ]

    events = data_lines(many.get("/models/sse").text)

    assert events == [
        {"model": "new", "event": "download_progress", "data": {"new": {"done": 50, "total": 100}}},
        {
            "model": "new",
            "event": "model_status",
            "data": {
                "status": "loading",
                "progress": {"stages": ["text_model"], "current": "text_model", "value": 0.25},
            },
        },
        {"model": "new", "event": "model_status", "data": {"status": "loaded"}},
        {"model": "other", "event": "model_status", "data": {"status": "unloaded", "failed": True}},
    ]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/models/load"), ("POST", "/models/unload"), ("GET", "/models/sse")]
)
def test_they_need_a_key(locked_client, refused, method, path):
    refused(locked_client.call(method, path), "Invalid API Key", status=401)


@pytest.fixture
def guarded(make_many):
    return make_many(server=ServerSettings(admin_keys=("master",)))


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_files_are_fetched_and_removed_by_administrators_only(guarded, refused, method):
    refused(guarded.call(method, "/models?model=other", json={"model": "other"}), "admin key", status=401)
    assert guarded.models.changes == []


MASTER = {"x-api-key": "master"}


def test_a_download_begins(guarded, refused):
    reply = guarded.post("/models", {"model": "owner/name:Q8_0"}, headers=MASTER)

    assert reply.json() == {"success": True}
    assert guarded.models.changes == [("pull", "owner/name:Q8_0")]
    guarded.models.refusals["owner/no"] = ModelLoadError("there is no such repository")
    refused(guarded.post("/models", {"model": "owner/no"}, headers=MASTER), "no such repository", status=500)
    refused(guarded.post("/models", {}, headers=MASTER), '"model" must be provided')


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"model": 1}', b'{"model": ""}', b"null"])
def test_a_bad_wish_for_a_download_is_400(guarded, refused, body):
    refused(guarded.post("/models", content=body, headers=MASTER))
    assert guarded.models.changes == []


def test_a_download_is_answered_when_it_is_under_way_and_goes_on(guarded):
    release, is_here = asyncio.Event(), asyncio.Event()
    guarded.models.news = [("owner/name", ModelState.DOWNLOADING, 0.1)]

    async def pull(_source):
        await release.wait()
        is_here.set()

    async def ask():
        reply = await guarded._call("POST", "/models", {"json": {"model": "owner/name"}, "headers": MASTER})
        assert not is_here.is_set()
        release.set()
        await is_here.wait()
        return reply

    guarded.models.pull = pull

    assert asyncio.run(ask()).json() == {"success": True}


def test_files_are_removed(guarded, refused):
    assert guarded.call("DELETE", "/models?model=other", headers=MASTER).json() == {"success": True}
    assert guarded.models.changes == [("delete", "other")]
    refused(guarded.call("DELETE", "/models", headers=MASTER), "non-empty")
