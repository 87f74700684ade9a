"""GET /health, /props, /slots, /metrics."""

import re

import msgspec
import pytest

from corral.core.model_view import ModelState
from corral.core.settings import GenerationDefaults


def test_health_is_one_field(client):
    assert client.get("/health").json() == client.get("/v1/health").json() == {"status": "ok"}


def test_props_describe_the_server(client):
    props = client.get("/props").json()

    assert props["system_prompt"] == ""
    assert props["total_slots"] == 2
    assert props["chat_template"] == ""
    assert props["model_path"] == "models/tiny.gguf"
    assert props["model_alias"] == "tiny"
    assert props["modalities"] == {"vision": False, "video": False, "audio": False}
    assert (props["endpoint_slots"], props["endpoint_props"], props["endpoint_metrics"]) == (
        False,
        False,
        False,
    )
    assert (props["bos_token"], props["eos_token"], props["build_info"]) == ("<s>", "</s>", "b1-fake")
    assert props["is_sleeping"] is False


def test_a_model_that_sleeps_is_not_woken_by_who_asks_whether_it_does(client):
    client.models.states["tiny"] = ModelState.UNLOADED

    props = client.get("/props").json()

    assert (props["is_sleeping"], props["model_alias"]) == (True, "tiny")
    assert client.models.leases == []


def test_props_hold_the_default_settings_flat_and_nested(make_client):
    settings = (
        make_client(generation=GenerationDefaults(n_predict=5))
        .get("/props")
        .json()["default_generation_settings"]
    )

    assert settings["seed"] == settings["params"]["seed"] == -1
    assert settings["n_ctx"] == 2048
    assert settings["n_predict"] == settings["params"]["n_predict"] == 5
    assert settings["temperature"] == 0.800000011920929


def test_props_show_the_models_own_template(client, door):
    door.model_facts = msgspec.structs.replace(door.model_facts, chat_template="{{ messages }}")

    assert client.get("/props").json()["chat_template"] == "{{ messages }}"


def test_changing_props_needs_the_switch(client, refused):
    error = refused(client.post("/props", {"system_prompt": "x"}), "Start it with `--props`", status=501)

    assert error["type"] == "not_supported_error"


def test_a_system_prompt_is_set_shown_and_cleared(open_client):
    assert open_client.post("/props", {"system_prompt": "Be kind."}).json() == {"success": True}
    assert open_client.get("/props").json()["system_prompt"] == "Be kind."

    open_client.post("/props", {"system_prompt": ""})

    assert open_client.get("/props").json()["system_prompt"] == ""


@pytest.mark.parametrize("body", [{}, {"system_prompt": None}, {"other": 1}])
def test_props_that_are_not_named_stay(open_client, body):
    open_client.post("/props", {"system_prompt": "Be kind."})

    assert open_client.post("/props", body).json() == {"success": True}
    assert open_client.get("/props").json()["system_prompt"] == "Be kind."


def test_a_wrong_system_prompt_is_refused(open_client, refused):
    refused(open_client.post("/props", {"system_prompt": 5}), "'system_prompt'")
    refused(open_client.post("/props", {"system_prompt": "x" * 2001}), "too many tokens")


def test_slots_need_the_switch(client, refused):
    refused(
        client.get("/slots"),
        "This server does not support slots endpoint. Start it with `--slots`",
        status=501,
    )


def test_a_slot_shows_what_it_runs(open_client, door):
    open_client.post("/completion", {"prompt": "Once", "n_predict": 9, "seed": 5})
    door.busy = True

    slot, other = open_client.get("/slots").json()

    assert (slot["id"], slot["state"], slot["is_processing"]) == (0, 1, True)
    assert slot["prompt"] == "Once"
    assert slot["id_task"] == slot["task_id"] == 3
    assert slot["n_predict"] == slot["params"]["n_predict"] == 9
    assert slot["seed_cur"] == 42
    assert (slot["n_prompt_tokens"], slot["n_prompt_tokens_processed"], slot["n_prompt_tokens_cache"]) == (
        7,
        5,
        2,
    )
    assert slot["next_token"] == {
        "has_next_token": True,
        "n_remain": 8,
        "n_decoded": 1,
        "stopped_eos": False,
        "stopped_limit": False,
        "stopped_word": False,
        "stopping_word": "",
    }
    assert (other["id"], other["prompt"], other["id_task"]) == (1, "", -1)


def test_a_slot_that_was_never_used_tells_nothing_of_a_task(open_client):
    slot = open_client.get("/slots").json()[1]

    assert slot["n_predict"] == -1
    assert {"params", "n_prompt_tokens", "n_prompt_tokens_processed"}.isdisjoint(slot)


def test_an_idle_slot_has_state_zero(open_client):
    assert {slot["state"] for slot in open_client.get("/slots").json()} == {0}


def test_no_idle_slot_can_be_an_error(open_client, door, refused):
    assert open_client.get("/slots?fail_on_no_slot=1").status_code == 200
    door.busy = True
    refused(open_client.get("/slots?fail_on_no_slot=1"), "no slot available", status=503)
    assert open_client.get("/slots").status_code == 200


def test_metrics_need_the_switch(client, refused):
    refused(
        client.get("/metrics"),
        "This server does not support metrics endpoint. Start it with `--metrics`",
        status=501,
    )


def test_metrics_are_an_exposition_of_every_series(open_client):
    reply = open_client.get("/metrics")

    assert reply.headers["content-type"] == "text/plain; version=0.0.4"
    assert int(reply.headers["process-start-time-unix"]) > 0
    series = dict(re.findall(r"^llamacpp:(\w+) (\S+)$", reply.text, re.MULTILINE))
    kinds = dict(re.findall(r"^# TYPE llamacpp:(\w+) (\w+)$", reply.text, re.MULTILINE))
    assert series["prompt_tokens_total"] == "70"
    assert series["prompt_seconds_total"] == "0.5"
    assert series["kv_cache_usage_ratio"] == "0.25"
    assert series["kv_cache_tokens"] == "12"
    assert kinds["n_decode_total"] == "counter"
    assert kinds["requests_deferred"] == "gauge"
    assert (
        set(series)
        == set(kinds)
        >= {
            "tokens_predicted_total",
            "tokens_predicted_seconds_total",
            "n_busy_slots_per_decode",
            "prompt_tokens_seconds",
            "predicted_tokens_seconds",
            "requests_processing",
            "prompt_tokens_cached_total",
            "n_tokens_max",
        }
    )
    assert "nan" not in reply.text


@pytest.mark.parametrize("is_stream", [True, False])
def test_a_slot_tells_whether_its_request_is_streamed(open_client, is_stream):
    open_client.post("/completion", {"prompt": "Once", "stream": is_stream})

    slot = open_client.get("/slots").json()[0]

    assert slot["stream"] is slot["params"]["stream"] is is_stream
