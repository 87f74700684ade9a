"""What a key may see and use, and how its quota is told, on the routes of all dialects."""

import pytest

from corral.api.server import create_app
from corral.core.caller import CallerTerms, Quota, caller_of_key
from corral.core.errors import QuotaExceededError
from corral.core.model_view import ModelState
from corral.core.request import GenerationRequest
from corral.core.settings import ServerSettings, Settings
from corral.gateway.callers import Callers

EVERYTHING = CallerTerms()
OTHER_ONLY = CallerTerms(models=("oth*",))
LIMITED = CallerTerms(quota=Quota(requests_per_minute=60, tokens_per_day=5000))

BODIES = {
    "/completion": {"prompt": "hi"},
    "/v1/completions": {"prompt": "hi"},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "hi"}]},
    "/v1/responses": {"input": "hi"},
    "/v1/messages": {"max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]},
    "/tokenize": {"content": "hi"},
}


def server_of(**terms):
    return ServerSettings(
        api_keys=tuple(terms),
        admin_keys=("root",),
        terms={caller_of_key(key): one for key, one in terms.items()},
        is_slots=True,
        is_metrics=True,
        is_props=True,
    )


@pytest.fixture
def keyed(make_many):
    """Serve `tiny`, the default, and `other`: `all` may use both, `some` the second."""
    return make_many(server=server_of(all=EVERYTHING, some=OTHER_ONLY))


@pytest.fixture
def lone(make_client):
    """Serve one model to two keys, of which `few` has a quota."""
    return make_client(server=server_of(many=EVERYTHING, few=LIMITED))


def sent_by(key):
    return {"headers": {"Authorization": f"Bearer {key}"}}


@pytest.mark.parametrize(
    ("key", "names"), [("all", ["other", "tiny"]), ("some", ["other"]), ("root", ["other", "tiny"])]
)
def test_a_key_is_shown_the_models_that_it_may_use(keyed, key, names):
    reply = keyed.get("/v1/models", **sent_by(key)).json()

    assert [model["id"] for model in reply["data"]] == names
    assert [model["name"] for model in reply["models"]] == names


def test_who_sends_no_key_is_shown_what_every_key_may_use(keyed):
    reply = keyed.get("/v1/models").json()

    assert [model["id"] for model in reply["data"]] == ["other"]


@pytest.mark.parametrize("path", BODIES)
def test_a_model_that_a_key_may_not_use_does_not_exist_for_it(keyed, door, refused, path):
    reply = keyed.post(path, {"model": "tiny", **BODIES[path]}, **sent_by("some"))

    error = refused(reply, "'tiny' does not exist for this key", "it may use: other", status=404)
    assert error["type"] == "not_found_error"
    assert door.requests == []


@pytest.mark.parametrize("path", BODIES)
def test_it_is_served_to_those_that_may(keyed, path):
    assert keyed.post(path, {"model": "tiny", **BODIES[path]}, **sent_by("all")).status_code == 200


def test_an_unknown_model_names_no_model_that_the_key_may_not_use(keyed):
    reply = keyed.post("/completion", {"model": "nowhere", "prompt": "hi"}, **sent_by("some"))

    assert reply.status_code == 404
    assert "tiny" not in reply.text


def test_without_a_name_a_key_gets_the_first_model_that_it_may_use(keyed, door):
    keyed.post("/completion", {"prompt": "hi"}, **sent_by("some"))
    keyed.post("/completion", {"prompt": "hi"}, **sent_by("all"))

    assert (len(keyed.other.requests), len(door.requests)) == (1, 1)


@pytest.mark.parametrize(
    "path", ["/v1/models/tiny", "/props?model=tiny", "/slots?model=tiny", "/metrics?model=tiny"]
)
def test_nor_is_anything_told_of_it(keyed, path):
    assert keyed.get(path, **sent_by("some")).status_code == 404
    assert keyed.get(path, **sent_by("all")).status_code == 200


def test_metrics_are_those_of_the_models_that_a_key_may_use(keyed):
    reply = keyed.get("/metrics", **sent_by("some"))

    assert 'model="other"' in reply.text
    assert "tiny" not in reply.text


def test_news_are_of_the_models_that_a_key_may_use(keyed):
    keyed.models.news = [
        ("tiny", keyed.models.view("tiny").state, None),
        ("other", keyed.models.view("other").state, None),
    ]

    reply = keyed.get("/models/sse", **sent_by("some"))

    assert "other" in reply.text
    assert "tiny" not in reply.text


def test_an_only_model_that_a_key_may_not_use_does_not_exist_for_it_under_any_name(make_client, refused):
    client = make_client(server=server_of(some=OTHER_ONLY, all=EVERYTHING))

    refused(
        client.post("/completion", {"prompt": "hi"}, **sent_by("some")), "may not use the model", status=404
    )
    refused(
        client.post("/completion", {"prompt": "hi", "model": "x"}, **sent_by("some")),
        "may not use",
        status=404,
    )
    assert client.post("/completion", {"prompt": "hi"}, **sent_by("all")).status_code == 200


@pytest.mark.parametrize("path", [path for path in BODIES if path != "/tokenize"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_used_up_quota_is_told_with_the_time_to_come_back(lone, door, refused, path, stream):
    door.before = QuotaExceededError("The quota of this key is used up", retry_after_s=42, limit="one")

    reply = lone.post(path, {**BODIES[path], "stream": stream}, **sent_by("few"))

    error = refused(reply, "The quota of this key is used up", status=429)
    assert error["type"] == "rate_limit_error"
    assert reply.headers["retry-after"] == "42"
    assert reply.headers["x-ratelimit-limit-requests"] == "60"


@pytest.fixture
def exhausted(make_many):
    """Serve two models to a key that has used up its one request of the minute."""
    client, server = make_many(), server_of(few=CallerTerms(quota=Quota(requests_per_minute=1)))
    callers = Callers(server.terms)
    callers.charge(caller_of_key("few"), [])
    client.app = create_app(client.models, Settings(server=server), callers=callers)
    return client


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("POST", path) for path in BODIES if path != "/tokenize"),
        ("POST", "/infill"),
        ("POST", "/chat"),
        ("PUT", "/put/text"),
        ("POST", "/embedding"),
        ("POST", "/v1/embeddings"),
        ("POST", "/rerank"),
    ],
)
def test_no_model_is_loaded_for_a_key_that_has_used_up_its_quota(exhausted, refused, method, path):
    reply = exhausted.call(method, path, json={"model": "other", **BODIES.get(path, {})}, **sent_by("few"))

    error = refused(reply, "used up: 1 requests per minute", status=429)
    assert error["type"] == "rate_limit_error"
    assert 0 < int(reply.headers["retry-after"]) <= 61
    assert reply.headers["x-ratelimit-remaining-requests"] == "0"
    assert exhausted.models.leases == []


def test_what_costs_nothing_is_served_to_it(exhausted):
    body = {"model": "other", **BODIES["/tokenize"]}

    assert exhausted.post("/tokenize", body, **sent_by("few")).status_code == 200
    assert [lease.name for lease in exhausted.models.leases] == ["other"]


def test_what_costs_nothing_loads_no_model_for_it_either(exhausted, refused):
    exhausted.models.states["other"] = ModelState.UNLOADED

    reply = exhausted.post("/tokenize", {"model": "other", **BODIES["/tokenize"]}, **sent_by("few"))

    refused(reply, "used up: 1 requests per minute", status=429)
    assert exhausted.models.leases == []


def test_callers_with_a_quota_are_told_how_it_stands(lone):
    headers = lone.post("/completion", {"prompt": "hi"}, **sent_by("few")).headers

    told = {name: text for name, text in headers.items() if name.startswith("x-ratelimit-")}
    assert told == {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "60",
        "x-ratelimit-reset-requests": "0ms",
        "x-ratelimit-limit-tokens": "5000",
        "x-ratelimit-remaining-tokens": "5000",
        "x-ratelimit-reset-tokens": "0ms",
    }


@pytest.mark.parametrize("key", ["many", "root", "wrong"])
def test_others_are_not(lone, key):
    headers = lone.post("/completion", {"prompt": "hi"}, **sent_by(key)).headers

    assert not [name for name in headers if name.startswith("x-ratelimit-")]


def test_a_key_sees_prompts_and_figures_of_its_own_slots_only(lone, door):
    door.requests = [GenerationRequest(request_id="r", prompt=["a secret"], caller=caller_of_key("many"))]
    door.busy = True

    own, others, admins = (lone.get("/slots", **sent_by(key)).json()[0] for key in ("many", "few", "root"))

    assert own["prompt"] == admins["prompt"] == "a secret"
    assert others["is_processing"]
    assert others["prompt"] == ""
    assert others["id_task"] == -1
    assert (
        not {"params", "n_prompt_tokens", "n_prompt_tokens_cache", "n_prompt_tokens_processed"}
        & others.keys()
    )
    assert others["next_token"]["n_decoded"] == 0


def test_no_route_shows_a_key(lone):
    told = [lone.get(path, **sent_by("few")).text for path in ("/props", "/slots", "/metrics", "/v1/models")]

    assert not [text for text in told if "few" in text or caller_of_key("few") in text]


FILE = {"modelFile": "other.gguf", "path": "./models"}
FOR_ALL = {
    "/models/unload": {"model": "other"},
    "/props": {"model": "other", "system_prompt": "Bark."},
    "/lora-adapters?model=other": [],
}


@pytest.mark.parametrize(("key", "is_default"), [("all", False), ("some", False), ("root", True)])
def test_what_a_key_loads_becomes_the_default_for_an_admin_only(keyed, key, is_default):
    keyed.models.files_of = {("other.gguf", "./models"): "other"}

    reply = keyed.post("/models/load", FILE, **sent_by(key))

    assert (reply.status_code, reply.text) == (200, "Model loaded")
    assert keyed.models.changes == [("load", "other", is_default)]


@pytest.mark.parametrize("path", FOR_ALL)
def test_what_concerns_all_keys_needs_an_admin_key(keyed, refused, path):
    refused(keyed.post(path, FOR_ALL[path], **sent_by("all")), "needs an admin key", status=401)

    assert keyed.models.changes == []
    assert keyed.other.model_facts.system_prompt == ""
    assert keyed.other.state.calls == []
    assert keyed.post(path, FOR_ALL[path], **sent_by("root")).json() == {"success": True}


@pytest.mark.parametrize("path", FOR_ALL)
def test_where_keys_have_no_terms_of_their_own_each_may_change_it(make_many, path):
    server = ServerSettings(api_keys=("one", "two"), admin_keys=("root",), is_props=True)

    assert make_many(server=server).post(path, FOR_ALL[path], **sent_by("two")).json() == {"success": True}
