"""GET /v1/models and one model."""

from corral.core.settings import ModelSettings


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
