"""Which of several models a request means: by path, query or body; and how long it is to stay."""

import msgspec
import pytest

from corral.core.model_view import ModelState
from corral.core.settings import CatalogSettings, ServerSettings, Settings

CHAT = {"messages": [{"role": "user", "content": "hi"}]}
ROUTES = {
    "/completion": {"prompt": "a"},
    "/v1/completions": {"prompt": "a"},
    "/v1/chat/completions": CHAT,
    "/v1/responses": {"input": "hi"},
    "/v1/messages": {**CHAT, "max_tokens": 9},
    "/tokenize": {"content": "a"},
    "/apply-template": CHAT,
    "/v1/messages/count_tokens": CHAT,
}


@pytest.mark.parametrize("path", ROUTES)
def test_the_body_names_the_model(many, path):
    reply = many.post(path, {**ROUTES[path], "model": "other"})

    assert reply.status_code == 200, reply.text
    assert [lease.name for lease in many.models.leases] == ["other"]


@pytest.mark.parametrize("path", ROUTES)
def test_without_a_name_it_is_the_default(many, path):
    assert many.post(path, ROUTES[path]).status_code == 200
    assert [lease.name for lease in many.models.leases] == ["tiny"]


@pytest.mark.parametrize("model", [None, ""])
def test_null_and_an_empty_name_are_none(many, model):
    assert many.post("/completion", {"prompt": "a", "model": model}).status_code == 200
    assert many.models.leases[0].name == "tiny"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/engines/other/completions", {"prompt": "a"}),
        ("/v1/engines/other/chat/completions", CHAT),
    ],
)
def test_the_path_names_it_before_the_query_and_the_body(many, path, body):
    reply = many.post(f"{path}?model=tiny", {**body, "model": "tiny"}).json()

    assert many.models.leases[0].name == "other"
    assert len(many.other.requests) == 1
    assert reply["object"] in ("text_completion", "chat.completion")


def test_the_path_of_an_engine_for_vectors(many):
    vectors = {"purpose": "embed", "pooling": "mean", "n_embd": 2}
    many.other.model_facts = msgspec.structs.replace(many.other.model_facts, **vectors)

    reply = many.post("/v1/engines/other/embeddings", {"input": "a"})

    assert reply.json()["data"][0]["embedding"] == pytest.approx([0.6, 0.8])
    assert many.models.leases[0].name == "other"


def test_the_query_names_it_before_the_body(many):
    many.post("/completion?model=other", {"prompt": "a", "model": "tiny"})

    assert many.models.leases[0].name == "other"


@pytest.mark.parametrize(
    ("fields", "name"), [({}, "tiny"), ({"model": "other"}, "other")], ids=["default", "body"]
)
def test_the_engine_of_an_editors_plug_in_leaves_the_choice_open(many, fields, name):
    reply = many.post("/v1/engines/copilot-codex/completions", {"prompt": "a", **fields})

    assert reply.status_code == 200, reply.text
    assert [lease.name for lease in many.models.leases] == [name]


def test_a_model_may_be_called_like_the_engine_of_the_plug_in(many):
    many.models.aliases["other"] = ("copilot-codex",)

    many.post("/v1/engines/copilot-codex/completions", {"prompt": "a", "model": "tiny"})

    assert [lease.name for lease in many.models.leases] == ["other"]


def test_an_alias_is_a_name_with_the_same_view(many):
    many.models.aliases["other"] = ("gpt-3.5-turbo", "org/other:Q4")

    many.post("/completion", {"prompt": "a", "model": "gpt-3.5-turbo"})
    many.post("/v1/engines/org/other:Q4/completions", {"prompt": "a"})

    assert [lease.name for lease in many.models.leases] == ["other", "other"]


def test_each_model_answers_for_itself(many):
    assert many.post("/completion", {"prompt": "a", "model": "tiny"}).json()["content"] == "Hello!"
    assert many.post("/completion", {"prompt": "a", "model": "other"}).json()["content"] == "Goodbye"


def test_each_model_has_its_own_settings_and_template(many):
    own = Settings(chat=msgspec.structs.replace(Settings().chat, template="zephyr"))
    own = msgspec.structs.replace(own, generation=msgspec.structs.replace(own.generation, n_predict=7))
    many.models.own_settings["other"] = own

    many.post("/completion", {"prompt": "a", "model": "other"})
    prompts = [
        many.post("/apply-template", {**CHAT, "model": name}).json()["prompt"] for name in ("tiny", "other")
    ]

    assert many.other.requests[0].max_tokens == 7
    assert "<|user|>" in prompts[1]
    assert "<|user|>" not in prompts[0]


def test_a_changed_definition_holds_from_the_next_request_on(many):
    assert "<|user|>" not in many.post("/apply-template", CHAT).json()["prompt"]
    zephyr = msgspec.structs.replace(Settings().chat, template="zephyr")
    many.models.own_settings["tiny"] = Settings(chat=zephyr)

    assert "<|user|>" in many.post("/apply-template", CHAT).json()["prompt"]


@pytest.mark.parametrize("path", ROUTES)
def test_an_unknown_name_is_404_and_names_the_models(many, refused, path):
    error = refused(many.post(path, {**ROUTES[path], "model": "nope"}), "nope", "tiny, other", status=404)

    assert error["type"] == "not_found_error"
    assert many.models.leases == []


def test_a_name_of_the_wrong_type_is_400(many, refused):
    refused(many.post("/completion", {"prompt": "a", "model": 5}), "Field 'model'")
    assert many.models.leases == []


@pytest.mark.parametrize("body", [b"{", b'{"prompt": "a"', b"[1", b"\xff", b'{"x": ' + b"[" * 90_000])
def test_what_is_no_json_is_400_and_loads_nothing(many, refused, body):
    refused(many.post("/completion", content=body))
    assert many.models.leases == []


def test_with_a_single_model_every_name_means_it_and_nothing_is_looked_at(client):
    for model in ("tiny", "whatever", ""):
        reply = client.post(
            "/completion?model=x&autoload=0", {"prompt": "a", "model": model, "keep_alive": "?"}
        )
        assert reply.status_code == 200

    assert client.post("/v1/engines/copilot-codex/completions", {"prompt": "a"}).status_code == 200
    assert {(lease.name, lease.keep_alive_s) for lease in client.models.leases} == {("tiny", None)}


@pytest.mark.parametrize(
    ("path", "purpose"),
    [
        ("/v1/embeddings", "embed"),
        ("/embedding", "embed"),
        ("/v1/rerank", "rank"),
        ("/completion", None),
        ("/tokenize", None),
    ],
)
def test_the_route_says_for_what_the_model_is_wanted(many, path, purpose):
    many.post(path, {"prompt": "a"})

    assert [lease.purpose for lease in many.models.leases] == [purpose]


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [(30, 30.0), (0, 0.0), (-1, -1.0), ("5m", 300.0), ("-1", -1.0), ("1h30m", 5400.0), (None, None)],
)
def test_keep_alive_is_passed_on(many, sent, seconds):
    many.post("/v1/chat/completions", {**CHAT, "keep_alive": sent})

    assert many.models.leases[0].keep_alive_s == seconds


@pytest.mark.parametrize("sent", ["soon", True, [], {}, "", "5 m", "m5"])
def test_a_bad_keep_alive_is_400(many, refused, sent):
    refused(many.post("/completion", {"prompt": "a", "keep_alive": sent}), "Field 'keep_alive'")
    assert many.models.leases == []


def test_without_autoload_only_a_running_model_answers(many, refused):
    many.models.states["other"] = ModelState.UNLOADED

    refused(many.post("/completion?autoload=0", {"prompt": "a", "model": "other"}), "model is not loaded")
    refused(many.get("/props?model=other&autoload=false"), "model is not loaded")
    assert many.models.leases == []
    assert many.post("/completion?autoload=0", {"prompt": "a"}).status_code == 200
    assert many.post("/completion?autoload=1", {"prompt": "a", "model": "other"}).status_code == 200


def test_autoload_can_be_off_for_the_server_and_on_for_a_request(make_many, refused):
    many = make_many(catalog=CatalogSettings(is_autoloaded=False))
    many.models.states["other"] = ModelState.FAILED

    refused(many.post("/completion", {"prompt": "a", "model": "other"}), "model is not loaded")
    assert many.post("/completion?autoload=true", {"prompt": "a", "model": "other"}).status_code == 200


def test_who_has_no_key_loads_nothing(make_many, refused):
    many = make_many(server=ServerSettings(api_keys=("sesame",)))
    many.models.states["other"] = ModelState.UNLOADED

    refused(many.get("/props?model=other"), "model is not loaded")
    assert many.get("/props?model=tiny").status_code == 200
    assert many.get("/props?model=other", headers={"x-api-key": "sesame"}).status_code == 200
