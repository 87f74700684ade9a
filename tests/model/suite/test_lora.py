"""Adapters: the server's scales and a request's own, also beside each other and with a cache."""

from __future__ import annotations

import threading

import pytest

from tests.model.conftest import write_llama
from tests.model.test_adapters import write_lora

PROMPT = "look in thy glass and tell the face thou viewest"


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lora")
    write_llama(folder / "llama.gguf")
    return folder / "llama.gguf", write_lora(folder / "lora.gguf")


@pytest.fixture
def adapted(serve, files):
    model, lora = files
    return serve(model=model, lora=lora, alias="adapted", ctx_size=1024, parallel=4, temp=0)


def text(server, scale=None, **fields):
    lora = {} if scale is None else {"lora": [{"id": 0, "scale": scale}]}
    return server.complete(PROMPT, n_predict=24, ignore_eos=True, seed=42, **lora, **fields)["content"]


def test_the_servers_scale_is_what_requests_get(adapted):
    texts = {}
    for scale in (0.0, 1.0):
        reply = adapted.post("/lora-adapters", [{"id": 0, "scale": scale}])
        assert reply.json() == {"success": True}
        texts[scale] = text(adapted)

    assert texts == {0.0: text(adapted, 0.0), 1.0: text(adapted, 1.0)}
    assert texts[0.0] != texts[1.0]


def test_requests_with_scales_of_their_own_run_beside_each_other(adapted):
    scales = [0.0, 0.0, 0.3, 0.7, 1.0, 1.0]
    alone = {scale: text(adapted, scale, cache_prompt=False) for scale in set(scales)}
    found = {}

    def ask(number):
        found[number] = text(adapted, scales[number], cache_prompt=False)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(len(scales))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [found[number] for number in range(len(scales))] == [alone[scale] for scale in scales]


def test_a_cached_prompt_is_used_only_under_the_same_scale(adapted):
    expected = {scale: text(adapted, scale, cache_prompt=False) for scale in (0.0, 1.0)}

    found = [(scale, text(adapted, scale, cache_prompt=True)) for scale in (0.0, 1.0, 0.0, 1.0)]

    assert found == [(scale, expected[scale]) for scale in (0.0, 1.0, 0.0, 1.0)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        None,
        "a",
        [1],
        [{"id": 7, "scale": 1.0}],
        [{"id": -1, "scale": 1}],
        [{"id": 0, "scale": "x"}],
        [{}],
    ],
)
def test_scales_that_are_none_are_refused_and_change_nothing(adapted, body):
    before = adapted.get("/lora-adapters").json()

    reply = adapted.post("/lora-adapters", body)

    assert reply.status_code == 400
    assert adapted.get("/lora-adapters").json() == before
