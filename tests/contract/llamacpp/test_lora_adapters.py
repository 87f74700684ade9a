"""GET and POST /lora-adapters, and `lora` in a request."""

from __future__ import annotations

import msgspec
import pytest

from corral.core.messages import LoraFacts


@pytest.fixture
def adapted(client, door):
    loras = [LoraFacts(path="a.gguf", scale=1.0), LoraFacts(path="b.gguf", scale=0.25, task_name="Rank")]
    door.model_facts = msgspec.structs.replace(door.model_facts, loras=loras)
    return client


def scales(client):
    return [adapter["scale"] for adapter in client.get("/lora-adapters").json()]


def test_without_adapters_there_is_an_empty_list(client):
    assert client.get("/lora-adapters").json() == []


def test_adapters_are_shown_with_their_scales(adapted):
    assert adapted.get("/lora-adapters").json() == [
        {"id": 0, "path": "a.gguf", "scale": 1.0, "task_name": "", "prompt_prefix": ""},
        {"id": 1, "path": "b.gguf", "scale": 0.25, "task_name": "Rank", "prompt_prefix": ""},
    ]


def test_scales_are_set_and_who_is_not_named_gets_0(adapted):
    reply = adapted.post("/lora-adapters", [{"id": 1, "scale": 0.5}])

    assert reply.json() == {"success": True}
    assert scales(adapted) == [0.0, 0.5]


@pytest.mark.parametrize("body", [b"{}", b'{"id": 0, "scale": 1}', b'"x"', b"5", b"null"])
def test_a_body_that_is_no_array_is_refused(adapted, refused, body):
    reply = adapted.post("/lora-adapters", content=body)

    refused(reply, "Request body must be an array")


def test_a_wrong_entry_changes_nothing(adapted, refused):
    refused(
        adapted.post("/lora-adapters", [{"id": 0, "scale": 0.5}, {"id": 2, "scale": 1}]), "invalid adapter id"
    )

    assert scales(adapted) == [1.0, 0.25]


def test_a_request_names_its_own_and_is_told_so(adapted, door):
    reply = adapted.post("/completion", {"prompt": "x", "lora": [{"id": 1, "scale": 0.5}]})

    assert door.requests[-1].loras == ((1, 0.5),)
    assert reply.json()["generation_settings"]["lora"] == [{"id": 1, "scale": 0.5}]


def test_a_request_that_does_not_say_gets_those_in_force(adapted, door):
    reply = adapted.post("/completion", {"prompt": "x"})

    assert door.requests[-1].loras is None
    shown = [{"id": 0, "scale": 1.0}, {"id": 1, "scale": 0.25}]
    assert reply.json()["generation_settings"]["lora"] == shown


def test_a_chat_may_switch_all_off(adapted, door):
    body = {"messages": [{"role": "user", "content": "x"}], "lora": [{"id": 0, "scale": 0}]}
    adapted.post("/v1/chat/completions", body)

    assert door.requests[-1].loras == ((0, 0.0),)


@pytest.mark.parametrize("lora", [[{"id": 2}], [{"id": 0}, {"id": 0}], [{"id": 0, "scale": "x"}]])
def test_a_wrong_one_in_a_request_is_refused(adapted, door, refused, lora):
    refused(adapted.post("/completion", {"prompt": "x", "lora": lora, "stream": True}))

    assert door.requests == []
