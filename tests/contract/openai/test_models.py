"""GET /v1/models and one model."""

import pytest

from corral.core.model_view import ModelState, ModelView
from corral.core.settings import ModelSettings, ServerSettings


def test_the_list_has_the_one_model(client):
    reply = client.get("/v1/models").json()

    (model,) = reply["data"]
    assert reply["object"] == "list"
    assert (model["id"], model["object"], model["owned_by"]) == ("tiny", "model", "llamacpp")
    assert model["meta"] == {
        "vocab_type": 2,
        "n_vocab": 260,
        "n_ctx": 2048,
        "n_ctx_train": 4096,
        "n_embd": 64,
        "n_params": 1000,
        "size": 2000,
        "ftype": "Q8_0",
    }
    assert isinstance(model["created"], int)
    assert [entry["model"] for entry in reply["models"]] == ["tiny"]


def test_names_and_tags_are_told_and_every_name_is_known(make_client):
    client = make_client(model=ModelSettings(aliases=("tiny", "small"), tags=("fast", "kind")))

    reply = client.get("/models").json()

    assert reply["data"][0]["aliases"] == ["tiny", "small"]
    assert reply["data"][0]["tags"] == reply["models"][0]["tags"] == ["fast", "kind"]
    assert reply["models"][0]["details"]["quantization_level"] == "Q8_0"
    assert client.get("/v1/models/small").json()["id"] == "tiny"


def test_one_model_is_found_by_its_id_which_may_be_a_path(client, door):
    door.name = "models/a b.gguf"

    assert client.get("/v1/models/models/a b.gguf").json()["id"] == "models/a b.gguf"


def test_another_id_is_404(client, refused):
    refused(client.get("/v1/models/other"), "other", status=404)


@pytest.fixture
def unloaded(many):
    """Serve `other` from a file that is not loaded."""
    many.models.states["other"] = ModelState.UNLOADED
    many.models.details["other"] = {
        "n_ctx_train": 8192,
        "n_params": 7_000_000,
        "n_bytes": 4_000_000,
        "quantization": "Q4_K",
        "architecture": "qwen2",
        "path": "models/sub/other.gguf",
    }
    many.models.files_of = {("other.gguf", "./models/sub"): "other"}
    return many


def test_every_declared_model_is_listed_and_none_is_loaded(unloaded):
    reply = unloaded.get("/v1/models").json()

    tiny, other = sorted(reply["data"], key=lambda model: model["status"]["value"])
    assert (tiny["id"], tiny["status"], tiny["meta"]["n_ctx"]) == ("tiny", {"value": "loaded"}, 2048)
    assert (other["id"], other["status"]) == ("other", {"value": "unloaded"})
    assert other["meta"] == {"n_ctx_train": 8192, "n_params": 7_000_000, "size": 4_000_000, "ftype": "Q4_K"}
    assert unloaded.models.leases == []
    assert unloaded.other.requests == []


def test_an_entry_names_a_file_that_can_be_posted_back(unloaded):
    other, tiny = unloaded.get("/models").json()["models"]

    assert (other["name"], other["modelFile"], other["path"]) == ("other", "other.gguf", "./models/sub")
    assert (other["details"]["family"], other["details"]["quantization_level"]) == ("qwen2", "Q4_K")
    assert (tiny["modelFile"], tiny["path"]) == ("tiny", "")
    for entry in (other, tiny):
        reply = unloaded.post("/models/load", entry)
        assert (reply.status_code, reply.text) == (200, "Model loaded")
    assert unloaded.models.changes == [("load", "other", True), ("load", "tiny", True)]


def test_no_entry_stands_twice_however_often_it_is_asked(unloaded):
    unloaded.models.files_of["second.gguf", "./models/sub"] = "other"

    for _ in range(2):
        entries = unloaded.get("/models").json()["models"]
        assert len({(entry["modelFile"], entry["path"]) for entry in entries}) == len(entries) == 2


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (ModelState.DOWNLOADING, {"value": "downloading", "progress": {"other": {"done": 25, "total": 100}}}),
        (
            ModelState.LOADING,
            {
                "value": "loading",
                "progress": {"stages": ["text_model"], "current": "text_model", "value": 0.25},
            },
        ),
    ],
)
def test_a_model_on_its_way_tells_how_far_it_is(many, state, status):
    many.models.states["other"] = state
    many.models.details["other"] = {"progress": 0.25}

    assert many.get("/v1/models/other").json()["status"] == status


@pytest.mark.parametrize("state", [ModelState.FAILED, ModelState.QUARANTINED, ModelState.UNUSABLE])
def test_a_model_that_cannot_be_loaded_says_why(many, state):
    many.models.states["other"] = state
    many.models.details["other"] = {"reason": "no tokenizer"}

    status = many.get("/v1/models/other").json()["status"]

    assert status == {"value": "unloaded", "failed": True, "reason": "no tokenizer"}


@pytest.mark.parametrize("state", ModelState)
def test_every_state_has_a_word_of_llama_servers(many, state):
    many.models.states["other"] = state

    word = many.get("/v1/models/other").json()["status"]["value"]

    assert word in {"unloaded", "downloading", "loading", "loaded"}


def test_an_unknown_id_of_many_is_404_and_names_them(many, refused):
    refused(many.get("/v1/models/nope"), "nope", "tiny, other", status=404)


def test_what_is_loaded_for_another_purpose_is_no_entry(many):
    many.models.extra_views.append(ModelView(name="other (embed)", state=ModelState.READY))

    assert [model["id"] for model in many.get("/v1/models").json()["data"]] == ["other", "tiny"]
    assert "(embed)" not in many.get("/metrics").text


def test_new_models_are_looked_for_when_asked_by_who_may(make_many):
    many = make_many(server=ServerSettings(api_keys=("sesame",)))

    many.get("/models?reload=1")
    assert many.models.changes == []
    many.get("/models?reload=1", headers={"x-api-key": "sesame"})
    assert many.models.changes == [("rescan",)]
