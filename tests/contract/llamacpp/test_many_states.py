"""/props, /slots, /metrics and /lora-adapters where there are many models."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from corral.core.errors import NotFoundError, UnavailableError
from corral.core.model_view import ModelState


def series(text):
    families = text_string_to_metric_families(text)
    return [(sample.name, sample.labels) for family in families for sample in family.samples]


def test_props_without_a_name_are_the_routers_and_the_default_models(many):
    props = many.get("/props").json()

    assert (props["role"], props["max_instances"], props["models_autoload"]) == ("router", 4, True)
    assert (props["model_alias"], props["total_slots"]) == ("tiny", 2)


def test_props_without_a_name_load_nothing(many):
    many.models.states["tiny"] = ModelState.UNLOADED

    props = many.get("/props").json()

    assert (props["role"], props["model_alias"], props["default_generation_settings"]["n_ctx"]) == (
        "router",
        "tiny",
        0,
    )
    assert many.models.leases == []


def test_props_of_no_model_at_all(many):
    many.models.default = None
    with pytest.raises(NotFoundError):
        many.models.view(None)

    assert many.get("/props").json()["model_alias"] == ""


def test_props_of_a_named_model_load_it(many):
    many.models.states["other"] = ModelState.UNLOADED

    assert many.get("/props?model=other").json()["model_alias"] == "other"
    assert [lease.name for lease in many.models.leases] == ["other"]


def test_slots_are_those_of_the_named_or_the_default_model(many):
    many.other.busy = True

    assert {slot["is_processing"] for slot in many.get("/slots?model=other").json()} == {True}
    assert {slot["is_processing"] for slot in many.get("/slots").json()} == {False}


def test_a_model_that_is_just_being_unloaded_hides_nothing_of_the_others(many):
    many.models.states["other"] = ModelState.UNLOADING
    many.other.loading = UnavailableError("The model is being unloaded")

    models = {labels.get("model") for _, labels in series(many.get("/metrics").text)}

    assert models == {"tiny"}
    assert many.get("/slots?model=other").json() == []


def test_a_model_that_is_not_loaded_has_no_slots_and_is_not_loaded_for_them(many, refused):
    many.models.states["other"] = ModelState.UNLOADED

    assert many.get("/slots?model=other").json() == []
    assert many.get("/slots?model=").json() == many.get("/slots").json()
    refused(many.get("/slots?model=other&fail_on_no_slot=1"), "no slot available", status=503)
    assert many.models.leases == []
    refused(many.get("/slots?model=nope"), "nope", status=404)


def test_metrics_of_all_loaded_models_are_told_apart_by_a_label(many):
    many.other.name = 'a "strange"\\name'
    many.models.extra_views = []

    found = series(many.get("/metrics").text)

    assert {labels["model"] for _, labels in found} == {"tiny", 'a "strange"\\name'}
    assert len(found) == len({(name, *labels.items()) for name, labels in found})
    kinds = re.findall(r"^# TYPE (\S+)", many.get("/metrics").text, re.MULTILINE)
    assert len(kinds) == len(set(kinds)) == len(found) / 2


def test_metrics_of_one_model_have_no_label_and_load_nothing(many, open_client, refused):
    assert many.get("/metrics?model=tiny").text == open_client.get("/metrics").text
    many.models.states["other"] = ModelState.UNLOADED
    assert series(many.get("/metrics?model=other").text) == []
    assert {labels["model"] for _, labels in series(many.get("/metrics").text)} == {"tiny"}
    refused(many.get("/metrics?model=nope"), "nope", status=404)
    assert many.models.leases == []


@pytest.mark.parametrize("path", ["/lora-adapters", "/props"])
def test_a_state_is_shown_and_changed_by_the_query(many, path):
    body = {"system_prompt": "Be kind."} if path == "/props" else []

    assert many.post(f"{path}?model=other", body).json() == {"success": True}
    assert many.get(f"{path}?model=other").status_code == 200
    assert {lease.name for lease in many.models.leases} == {"other"}


def test_health_and_lists_wait_for_no_model(many):
    many.models.states = {"tiny": ModelState.LOADING, "other": ModelState.FAILED}

    assert many.get("/health").json() == {"status": "ok"}
    assert len(many.get("/v1/models").json()["data"]) == 2
    assert many.get("/docs").status_code == 200
