"""What does not fit: cut and slid by default, refused when that is switched off."""

from __future__ import annotations

import pytest

SHORT = [10] * 8
LONG = [10 + number % 50 for number in range(301)]
CHAT = [{"role": "system", "content": "Book"}, {"role": "user", "content": "What is the best book"}] * 100


@pytest.fixture
def sliding(serve):
    return serve(ctx_size=256, context_shift=True)


@pytest.fixture
def fixed(serve):
    return serve(ctx_size=256, no_context_shift=True, n_predict=-1)


def test_a_prompt_of_301_tokens_leaves_109_of_128_and_the_rest_slides(sliding):
    answer = sliding.complete(LONG, n_predict=64, ignore_eos=True)

    assert answer["timings"]["prompt_n"] == answer["tokens_evaluated"] == 109
    assert answer["timings"]["predicted_n"] == 64
    assert answer["truncated"] is True


@pytest.mark.parametrize(("asked", "given", "is_truncated"), [(64, 64, False), (-1, 120, True)])
def test_without_sliding_the_slot_is_filled_and_no_more(fixed, asked, given, is_truncated):
    answer = fixed.complete(SHORT, n_predict=asked, ignore_eos=True)

    assert answer["timings"]["predicted_n"] == given
    assert answer["truncated"] is is_truncated
    assert answer["stop_type"] == "limit"


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(
    ("path", "body"),
    [("/completion", {"prompt": LONG, "n_predict": 64}), ("/chat/completions", {"messages": CHAT})],
)
def test_without_sliding_what_does_not_fit_is_refused_before_a_stream_begins(fixed, path, body, is_stream):
    reply = fixed.post(path, {**body, "stream": is_stream})

    error = reply.json()["error"]
    assert reply.status_code == error["code"] == 400
    assert error["type"] == "exceed_context_size_error"
    assert "exceeds the available context size" in error["message"]
    assert error["n_prompt_tokens"] > error["n_ctx"] == 128


def test_a_stream_into_the_end_of_the_context_ends_by_length(fixed):
    *chunks, last = fixed.stream("/v1/completions", {"prompt": "Once", "n_predict": 256, "ignore_eos": True})

    assert {chunk["choices"][0]["finish_reason"] for chunk in chunks} == {None}
    assert last["choices"][0]["finish_reason"] == "length"
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks)


def test_one_pool_serves_prompts_of_different_lengths(serve):
    server = serve(ctx_size=256, parallel=4, kv_unified=True)

    answers = [server.complete(SHORT, n_predict=n, ignore_eos=True) for n in (64, 40, 64, 50)]

    assert [answer["timings"]["predicted_n"] for answer in answers] == [64, 40, 64, 50]
