"""What an administrator can see of the models, and do with one."""

import pytest

from corral.core.errors import UnavailableError


def test_all_models_are_listed_with_what_is_known_of_them(admin):
    reply = admin.get("/admin/models")

    first, second = reply.json()["models"]
    assert reply.status_code == 200
    assert first["name"] == "owner/big:Q4_K_M"
    assert (first["state"], first["n_open"], first["pid"]) == ("ready", 2, 4711)
    assert first["need"] == {"host_bytes": 9_000, "device_bytes": 1_000}
    assert first["aliases"] == ["big"]
    assert (second["state"], second["path"], second["ttl_s"]) == ("unloaded", "models/tiny.gguf", 60.0)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/models/owner/big:Q4_K_M",
        "/admin/models/owner%2Fbig%3AQ4_K_M",
        "/admin/models/big",
    ],
)
def test_a_model_is_found_by_its_name_however_it_is_written(admin, path):
    assert admin.get(path).json()["name"] == "owner/big:Q4_K_M"


def test_an_unknown_model_is_404_and_the_names_are_told(admin, refused):
    reply = admin.get("/admin/models/none")

    refused(reply, "none", "owner/big:Q4_K_M", "tiny.gguf", status=404)


@pytest.mark.parametrize("body", [None, {}, {"default": None}, {"default": False}])
def test_a_load_is_asked_for_with_or_without_a_body(admin, models, body):
    reply = admin.post("/admin/models/owner%2Fbig:Q4_K_M/load", body)

    assert (reply.status_code, reply.json()["state"]) == (200, "ready")
    assert models.calls == [("load", False, "owner/big:Q4_K_M")]


def test_a_load_can_make_the_model_the_default(admin, models):
    admin.post("/admin/models/tiny.gguf/load", {"default": True})

    assert models.calls == [("load", True, "tiny.gguf")]


@pytest.mark.parametrize(
    ("body", "within_s"), [(None, 30.0), ({"within_s": 0}, 0.0), ({"within_s": 1.5}, 1.5)]
)
def test_an_unload_says_how_long_requests_may_take(admin, models, body, within_s):
    reply = admin.post("/admin/models/big/unload", body)

    assert reply.json()["state"] == "unloaded"
    assert models.calls == [("unload", within_s, "owner/big:Q4_K_M")]


@pytest.mark.parametrize("is_pinned", [True, False])
def test_a_model_is_pinned_and_let_go(admin, is_pinned):
    reply = admin.post("/admin/models/big/pin", {"pinned": is_pinned})

    assert reply.json()["is_pinned"] is is_pinned


def test_the_dry_run_tells_what_would_be_unloaded(admin, models):
    reply = admin.get("/admin/models/owner/big:Q4_K_M/placement")

    assert reply.json() == {
        "model": "owner/big:Q4_K_M",
        "verdict": "wait",
        "need": {"host_bytes": 5_000, "device_bytes": 0},
        "evicted": ["a", "b"],
        "closed": ["c"],
        "reason": "c is busy.",
    }
    assert models.calls == []


def test_a_delete_answers_with_the_files_that_went(admin, models):
    reply = admin.call("DELETE", "/admin/models/big")

    assert reply.json() == {"model": "owner/big:Q4_K_M", "deleted": ["models/owner/big:Q4_K_M"]}
    assert models.calls == [("delete", "owner/big:Q4_K_M")]


def test_a_rescan_answers_with_the_models(admin, models):
    reply = admin.post("/admin/rescan")

    assert [model["name"] for model in reply.json()["models"]] == ["owner/big:Q4_K_M", "tiny.gguf"]
    assert models.calls == [("rescan",)]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/admin/models/big/load", {"default": "yes"}, "'default'"),
        ("/admin/models/big/load", [], "body"),
        ("/admin/models/big/unload", {"within_s": -1}, "'within_s'"),
        ("/admin/models/big/unload", {"within_s": 1e300}, "'within_s'"),
        ("/admin/models/big/unload", {"within_s": "soon"}, "'within_s'"),
        ("/admin/models/big/pin", {}, "pinned"),
        ("/admin/models/big/pin", {"pinned": 1}, "'pinned'"),
        ("/admin/pull", {}, "source"),
        ("/admin/pull", {"source": ""}, "'source'"),
        ("/admin/pull", {"source": ["a"]}, "'source'"),
        ("/admin/pull", {"source": "a/b", "stream": "yes"}, "'stream'"),
    ],
)
def test_a_wrong_body_is_400_and_names_the_field(admin, refused, path, body, field):
    refused(admin.post(path, body), field)

    assert admin.models.calls == []


@pytest.mark.parametrize("path", ["/admin/models/big/load", "/admin/models/big/pin", "/admin/pull"])
@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_400(admin, models, refused, path, content):
    refused(admin.post(path, content=content), "body")

    assert models.calls == []


def test_a_body_that_is_needed_must_be_there(admin, refused):
    refused(admin.post("/admin/models/big/pin"), "body")


def test_what_cannot_be_done_now_says_when_to_come_again(admin, models, refused):
    models.refusal = UnavailableError("There is no room for big.", retry_after_s=7)

    reply = admin.post("/admin/models/big/load")

    refused(reply, "no room", status=503)
    assert reply.headers["retry-after"] == "7"


def test_a_stop_is_handed_on(admin):
    reply = admin.post("/admin/stop")

    assert reply.json() == {"stopping": True}
    assert admin.stops == ["stop"]


def test_every_example_is_served(admin):
    for row in admin.rows:
        if row.body is not None:
            assert admin.post(row.paths[0].replace("{name:path}", "big"), row.example).status_code == 200, (
                row.paths
            )
