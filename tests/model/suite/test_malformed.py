"""Bodies that are none: whatever is sent, the answer is 200 or a 4xx, no slot stays busy, and all goes on.

Every body is a right one in which something was put in the place of a field, or of the body as a whole.
501 is what a route says that this server has not opened.
"""

from __future__ import annotations

import json
import random

import httpx
import pytest

SEED = 20261121

CHAT = [{"role": "user", "content": "Hello"}]
TEXT_OPTIONS = {
    "temperature": 0.5,
    "top_k": 5,
    "top_p": 0.5,
    "min_p": 0.1,
    "tfs_z": 0.9,
    "typical_p": 0.9,
    "repeat_penalty": 1.1,
    "repeat_last_n": 8,
    "presence_penalty": 0.1,
    "dry_multiplier": 0.5,
    "dry_sequence_breakers": ["a"],
    "mirostat": 2,
    "xtc_probability": 0.1,
    "n_probs": 2,
    "min_keep": 1,
    "samplers": ["top_k"],
    "logit_bias": [[5, 1.0]],
    "seed": 5,
    "n_keep": 2,
    "n_discard": 2,
    "stop": ["x"],
    "id_slot": 0,
    "cache_prompt": True,
    "stream": True,
    "return_tokens": True,
    "return_progress": True,
    "timings_per_token": True,
    "response_fields": ["content"],
    "t_max_predict_ms": 100,
    "n": 1,
    "grammar": 'root ::= "a"',
    "json_schema": {"type": "string"},
    "lora": [{"id": 0, "scale": 1}],
    "image_data": [],
    "ignore_eos": True,
}
# Path, a body that is right, and options that it may have besides.
ROUTES = [
    ("/completion", {"prompt": "Hello", "n_predict": 2}, TEXT_OPTIONS),
    ("/completions", {"prompt": ["Hello", [1, 2, "b"]], "n_predict": 2}, TEXT_OPTIONS),
    ("/v1/completions", {"prompt": "Hello", "max_tokens": 2}, {**TEXT_OPTIONS, "echo": True, "logprobs": 2}),
    (
        "/v1/chat/completions",
        {"messages": CHAT, "max_tokens": 2},
        {
            **TEXT_OPTIONS,
            "response_format": {"type": "json_object"},
            "tools": [],
            "tool_choice": "auto",
            "top_logprobs": 2,
        },
    ),
    (
        "/infill",
        {"input_prefix": "a", "input_suffix": "b", "n_predict": 2},
        {"input_extra": [{"text": "a"}], **TEXT_OPTIONS},
    ),
    (
        "/apply-template",
        {"messages": CHAT},
        {"add_generation_prompt": True, "chat_template_kwargs": {"a": 1}},
    ),
    ("/v1/chat/completions/input_tokens", {"messages": CHAT}, {}),
    ("/tokenize", {"content": "Hello"}, {"add_special": True, "parse_special": True, "with_pieces": True}),
    ("/detokenize", {"tokens": [1, 2, 3]}, {}),
    ("/props", {"system_prompt": ""}, {}),
    ("/slots/0?action=erase", {}, {}),
    ("/slots/1?action=restore", {"filename": "nothing.bin"}, {}),
    ("/lora-adapters", [], {}),
    (
        "/v1/messages",
        {"messages": CHAT, "max_tokens": 2},
        {"system": "a", "stop_sequences": ["x"], "tools": [], "stream": True},
    ),
    ("/v1/messages/count_tokens", {"messages": CHAT}, {"system": "a"}),
    (
        "/v1/responses",
        {"input": "Hello", "max_output_tokens": 2},
        {"instructions": "a", "text": {"format": {"type": "text"}}},
    ),
]
EMBEDDING_ROUTES = [
    ("/embedding", {"content": "Hello"}, {"embd_normalize": 2}),
    (
        "/v1/embeddings",
        {"input": ["Hello"]},
        {"encoding_format": "base64", "model": "m", "embd_normalize": 2},
    ),
]
RANKING_ROUTES = [("/rerank", {"query": "a", "documents": ["b"]}, {"top_n": 1, "texts": ["c"]})]
TOO_LARGE = "input is too large to process"
NESTED = "[" * 3000 + "]" * 3000
WRONG = [
    None,
    True,
    False,
    0,
    1,
    -1,
    -(2**31) - 1,
    2**31,
    2**63,
    10**40,
    0.5,
    -1e308,
    1e-320,
    "",
    "a",
    "\x00",
    "\ud83d",
    "a" * 5000,
    [],
    {},
    [[]],
    [None],
    [{}],
    [-1],
    [10**9],
    [0.5],
    ["a", 5, None],
    {"a": {"b": []}},
    [[[[["a"]]]]],
    {"type": "object"},
    {"content": 5},
    [{"role": "user"}],
    [
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}],
        }
    ],
]
NUMBERS = [
    0,
    -1,
    -2,
    1,
    2**31 - 1,
    -(2**31),
    2**53,
    10**40,
    0.0,
    -0.0,
    1e-45,
    -1e-45,
    1e38,
    -1e38,
    1e308,
    -1e308,
]
RAW_VALUES = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "01",
    "tru",
    "'a'",
    '"\\ud800"',
    '"\\u0000"',
    NESTED,
    "",
]
RAW_BODIES = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"{}",
    b"7",
    b'"text"',
    b"true",
    b"{",
    b'{"prompt": ',
    b'{"prompt": "a",}',
    b'{"prompt": "\xff\xfe"}',
    b"\xef\xbb\xbf{}",
    b"\x00\x01\x02",
    b"<html>",
    b"prompt=a&n_predict=2",
    NESTED.encode(),
    b'{"prompt":' + NESTED.encode() + b"}",
    b'{"messages":' + b'{"content":' * 2000 + b"1" + b"}" * 2000 + b"}",
]


def bodies(routes, n, seed=SEED):
    """Yield `n` paths with bodies, always the same."""
    mix = random.Random(seed)
    for number in range(n):
        path, right, options = routes[number % len(routes)]
        kind = mix.random()
        if kind < 0.15 or not isinstance(right, dict) or not (right or options):
            yield path, mix.choice(RAW_BODIES)
        elif kind < 0.25:
            yield path, with_raw_value({**right, **options}, right, mix)
        elif kind < 0.65:
            yield path, json.dumps(with_extreme_numbers(right, options, mix)).encode()
        else:
            yield path, json.dumps(with_wrong_values(right, options, mix)).encode()


def with_extreme_numbers(right, options, mix):
    """Return the right body with a few of its options, in which some numbers are too small or too large."""
    names = mix.sample(sorted(options), min(len(options), mix.randint(1, 4)))
    numbers = {name for name in {*names, *right} if isinstance({**right, **options}[name], int | float)}
    chosen = {name: mix.choice(NUMBERS) for name in numbers if mix.random() < 0.7}
    return {**right, **{name: options[name] for name in names}, **chosen}


def with_wrong_values(right, options, mix):
    """Return the right body with an option or two, and something wrong in up to three places."""
    names = mix.sample(sorted(options), min(len(options), mix.randint(0, 2)))
    body = {**right, **{name: options[name] for name in names}}
    every = sorted({**right, **options})
    return {
        **body,
        **{name: mix.choice(WRONG) for name in mix.sample(every, min(len(every), mix.randint(1, 3)))},
    }


def with_raw_value(every, right, mix):
    """Return the text of the right body in which a value is nothing that JSON has."""
    name = mix.choice(sorted(every))
    kept = ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in right.items() if key != name)
    return f"{{{kept}{',' if kept else ''}{json.dumps(name)}:{mix.choice(RAW_VALUES)}}}".encode()


@pytest.fixture(scope="module")
def open_server(serve, slot_dir):
    """Everything open that can be, with a short limit, so that a right body does not take long either."""
    server = serve(props=True, metrics=True, n_predict=4, slot_save_path=slot_dir, alias="fuzzed")
    yield server
    server.post("/props", {"system_prompt": ""})


def reply_to(server, path, body):
    """Return the status, and what a stream says in its events."""
    headers = {"content-type": "application/json"}
    try:
        reply = server.http.post(path, content=body, headers=headers, timeout=20)
    except httpx.HTTPError as error:
        pytest.fail(f"{path} {body[:300]!r}: {error!r}")
    return reply.status_code, reply.text


def is_fine(status, text):
    if TOO_LARGE in text:
        return status == 500  # so llama-server has it
    return (status == 200 or 400 <= status < 500 or status == 501) and '"server_error"' not in text


def answers(server, routes, n):
    """Send so many bodies; return the statuses, and what was answered otherwise than it should."""
    statuses, wrong = set(), []
    for path, body in bodies(routes, n):
        status, text = reply_to(server, path, body)
        statuses.add(status)
        if not is_fine(status, text):
            wrong.append((path, body[:300], status, text[:300]))
    return statuses, wrong


def test_wrong_bodies_are_answered_and_leave_nothing_behind(open_server):
    statuses, wrong = answers(open_server, ROUTES, 300)

    assert wrong == []
    assert {200, 400} <= statuses
    open_server.until_idle()
    open_server.post("/props", {"system_prompt": ""})
    assert open_server.complete("Once", n_predict=4, ignore_eos=True)["tokens_predicted"] == 4


def test_wrong_inputs_leave_an_embedder_well(embedder):
    statuses, wrong = answers(embedder, EMBEDDING_ROUTES, 60)

    assert wrong == []
    assert {200, 400} <= statuses
    assert embedder.post("/v1/embeddings", {"input": "a"}).status_code == 200


def test_wrong_documents_leave_a_ranker_well(ranking):
    statuses, wrong = answers(ranking, RANKING_ROUTES, 40)

    assert wrong == []
    assert {200, 400} <= statuses
    assert ranking.post("/rerank", {"query": "a", "documents": ["b"]}).status_code == 200


@pytest.mark.parametrize("body", RAW_BODIES, ids=range(len(RAW_BODIES)))
def test_what_is_no_body_of_a_completion_is_refused(open_server, body):
    status, text = reply_to(open_server, "/completion", body)

    error = json.loads(text)["error"]
    assert (status, error["code"], error["type"]) == (400, 400, "invalid_request_error")
    assert error["message"]


def test_a_wrong_field_is_named(open_server):
    for name in TEXT_OPTIONS.keys() - {"json_schema", "image_data", "grammar"}:
        status, text = reply_to(
            open_server, "/completion", json.dumps({"prompt": "a", name: {"wrong": []}}).encode()
        )

        if status != 200:  # an object is right where biases are given by it
            assert (status, name in text) == (400, True), (name, text)
