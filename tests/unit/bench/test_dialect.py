from __future__ import annotations

import pytest

from corral.bench.dialect import DIALECTS, Ask, FinalCount, count_tokens
from corral.bench.errors import BenchError


def test_a_native_request_has_a_fixed_length_and_no_cache() -> None:
    assert DIALECTS["completion"].word(Ask([1, 2], 8)) == {
        "prompt": [1, 2],
        "n_predict": 8,
        "stream": True,
        "ignore_eos": True,
        "cache_prompt": False,
        "temperature": 0,
        "seed": 1,
    }


def test_default_sampling_leaves_the_temperature_to_the_server() -> None:
    assert "temperature" not in DIALECTS["completion"].word(Ask([1], 8, is_greedy=False))


def test_a_chat_request_asks_for_usage() -> None:
    body = DIALECTS["chat"].word(Ask("Hello", 8, model="small"))

    assert body["messages"] == [{"role": "user", "content": "Hello"}]
    assert body["stream_options"] == {"include_usage": True}
    assert (body["max_tokens"], body["model"]) == (8, "small")
    assert "prompt" not in body


def test_a_chat_goes_on_behind_what_was_said() -> None:
    ask = Ask("More?", 8, system="Be brief.", said=("Hello", "Hi."), is_cached=True)

    body = DIALECTS["chat"].word(ask)

    assert [(each["role"], each["content"]) for each in body["messages"]] == [
        ("system", "Be brief."),
        ("user", "Hello"),
        ("assistant", "Hi."),
        ("user", "More?"),
    ]
    assert body["cache_prompt"] is True


def test_completions_take_a_chat_as_one_prompt() -> None:
    ids = Ask([5], 8, system=[1, 2], said=([3], [4]))
    words = Ask("c", 8, said=("a", "b"))

    assert DIALECTS["completion"].word(ids)["prompt"] == [1, 2, 3, 4, 5]
    assert DIALECTS["openai"].word(words)["prompt"] == "a b c"


def test_the_native_count_is_the_final_events() -> None:
    payloads = [
        b'{"content":"a","stop":false,"tokens_predicted":7,"tokens_evaluated":3}',
        b'{"content":"","stop":true,"tokens_predicted":8,"tokens_evaluated":3,"timings":{"cache_n":1}}',
    ]

    assert count_tokens(payloads) == FinalCount(n_prompt=3, n_predicted=8, n_cached=1)


def test_openais_count_is_the_usage_before_done() -> None:
    usage = b'{"prompt_tokens":3,"completion_tokens":8,"prompt_tokens_details":{"cached_tokens":2}}'
    payloads = [b'{"choices":[{"delta":{}}]}', b'{"choices":[],"usage":%s}' % usage, b"[DONE]"]

    assert count_tokens(payloads) == FinalCount(n_prompt=3, n_predicted=8, n_cached=2)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (b'{"error":{"code":500,"message":"no memory"}}', "no memory"),
        (b'{"content":"a","stop":false,"tokens_predicted":7}', "without a final event"),
        (b"[DONE]", "without a final event"),
        (b'{"content":', "cannot be read"),
    ],
)
def test_a_stream_without_a_count_is_an_error(payload: bytes, sentence: str) -> None:
    with pytest.raises(BenchError, match=sentence):
        count_tokens([payload])
