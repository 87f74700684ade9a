"""Filling in, with tokens for it given to the small model."""

from __future__ import annotations

import pytest

CODE = {
    "input_prefix": "#include <cstdio>\n\nint main() {\n",
    "prompt": "    int n_threads = llama_",
    "input_suffix": "}\n",
}


@pytest.fixture
def filler(serve):
    kinds = ["fim_pre", "fim_suf", "fim_mid"]
    overrides = ",".join(f"tokenizer.ggml.{kind}_token_id=int:{i}" for i, kind in enumerate(kinds, 300))
    return serve(parallel=1, ctx_size=2048, batch_size=1024, temp=0, override_kv=overrides)


def test_a_gap_is_filled(filler):
    answer = filler.post("/infill", CODE).json()

    assert answer["content"]
    assert answer["tokens_predicted"] <= 64


def test_other_files_change_what_the_prompt_is(filler):
    extra = [{"filename": "llama.h", "text": "LLAMA_API int32_t llama_n_threads();\n"}]

    plain = filler.post("/infill", CODE).json()
    with_extra = filler.post("/infill", {**CODE, "input_extra": extra}).json()

    assert with_extra["tokens_evaluated"] > plain["tokens_evaluated"]


def test_a_gap_is_filled_bit_by_bit_too(filler):
    *events, last = filler.stream("/infill", CODE)

    assert "".join(event["content"] for event in events) == filler.post("/infill", CODE).json()["content"]
    assert last["stop"] is True


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"filename": "ok"},
        {"filename": 123},
        {"filename": 123, "text": "abc"},
        {"filename": 123, "text": 456},
        7,
    ],
)
def test_other_files_that_are_none_are_refused(filler, extra):
    reply = filler.post("/infill", {**CODE, "input_extra": [extra]})

    assert reply.status_code == 400
    assert reply.json()["error"]["message"]


def test_a_model_without_such_tokens_cannot(serve, model_path):
    reply = serve(model=model_path("llama"), parallel=1).post("/infill", CODE)

    assert reply.status_code == 501
    assert "Infill is not supported by this model" in reply.json()["error"]["message"]
