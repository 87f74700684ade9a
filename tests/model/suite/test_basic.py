"""What a server is: health, properties, models, slots, the page, and how it ends."""

from __future__ import annotations

import httpx
import pytest

from tests.model.suite.conftest import TINY, Served, words


def test_it_is_healthy(server):
    reply = server.get("/health")

    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


def test_the_properties_tell_the_model_and_the_defaults(server):
    props = server.get("/props").json()

    settings = props["default_generation_settings"]
    assert props["model_path"] == TINY
    assert props["total_slots"] == 2
    assert settings["n_ctx"] == settings["params"]["n_ctx"] == 256
    assert settings["seed"] == settings["params"]["seed"] == 42
    assert props["build_info"].startswith("b")


@pytest.mark.parametrize("path", ["/models", "/v1/models"])
def test_the_one_model_has_its_alias_as_id(server, path):
    reply = server.get(path)

    (model,) = reply.json()["data"]
    assert reply.status_code == 200
    assert model["id"] == "tinyllama-2"
    assert model["meta"]["n_ctx_train"] == 1024


def test_the_id_is_the_first_alias_by_the_alphabet(serve):
    server = serve(alias="tinyllama-2,fim,code", tags="chat,fim,small", slots=False, no_slots=True)

    (model,) = server.get("/models").json()["data"]

    assert model["id"] == "code"
    assert set(model["aliases"]) == {"tinyllama-2", "fim", "code"}
    assert set(model["tags"]) == {"chat", "fim", "small"}


def test_closed_endpoints_say_how_to_open_them(serve):
    server = serve(alias="tinyllama-2,fim,code", tags="chat,fim,small", slots=False, no_slots=True)

    replies = {
        flag: reply.json()["error"]
        for flag, reply in {
            "--slots": server.get("/slots"),
            "--metrics": server.get("/metrics"),
            "--slot-save-path": server.post("/slots/0?action=save", {"filename": "x.bin"}),
            "--props": server.post("/props", {}),
            "--reranking": server.post("/rerank", {"query": "a", "documents": ["b"]}),
            "--embeddings": server.post("/v1/embeddings", {"input": "a"}),
        }.items()
    }

    assert {error["code"] for error in replies.values()} == {501}
    assert {error["type"] for error in replies.values()} == {"not_supported_error"}
    assert all(f"Start it with `{flag}`" in error["message"] for flag, error in replies.items())


def test_without_the_page_nothing_is_at_the_root(server):
    reply = server.get("/")

    assert reply.status_code == 404
    assert reply.json()["error"] == {"code": 404, "message": "File Not Found", "type": "not_found_error"}


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/completion"), ("POST", "/health"), ("PUT", "/nothing")]
)
def test_what_is_not_there_is_404_never_405(server, method, path):
    assert server.http.request(method, path).status_code == 404


def test_answers_have_exactly_the_content_types_that_clients_compare(server):
    body = {"prompt": "a", "n_predict": 1}

    plain = server.post("/completion", body)
    stream = server.post("/completion", {**body, "stream": True})
    metrics = server.get("/metrics")

    assert plain.headers["content-type"] == "application/json; charset=utf-8"
    assert stream.headers["content-type"] == "text/event-stream"
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4"
    assert {reply.headers["server"] for reply in (plain, stream, metrics)} == {"llama.cpp"}


def test_terminate_ends_it_within_five_seconds_also_while_it_generates():
    server = Served(words(ctx_size=4096, parallel=1, n_predict=False))
    events = server.stream("/completion", {"prompt": "a", "ignore_eos": True})
    next(events)

    status, took_s = server.stop()

    events.close()
    assert status == 0
    assert took_s < 5


def test_every_flag_that_the_suites_give_is_taken(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("flags")
    server = serve(
        ubatch_size=32,
        n_gpu_layers=0,
        flash_attn="on",
        cache_type_k="f16",
        cache_type_v="f16",
        kv_unified=True,
        swa_full=True,
        grp_attn_n=1,
        grp_attn_w=512,
        cache_ram=0,
        no_cache_idle_slots=True,
        sleep_idle_seconds=-1,
        reasoning="auto",
        reasoning_format="none",
        media_path=folder,
        slot_save_path=folder,
        no_mmproj=True,
        cors_origins="*",
        context_shift=True,
        log_file=folder / "log.txt",
        tags="a,b",
    )

    assert server.complete(n_predict=2, ignore_eos=True)["tokens_predicted"] == 2


def test_a_client_that_connects_right_after_the_start_is_served(server):
    with httpx.Client(base_url=server.url, headers={"connection": "close"}) as http:
        assert http.get("/health").status_code == 200
