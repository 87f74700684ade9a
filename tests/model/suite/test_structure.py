"""Grammars and schemas of completions: what comes out, what is counted, what is none."""

from __future__ import annotations

import pytest


def ending_tokens(server):
    settings = server.complete(n_predict=1, ignore_eos=True)["generation_settings"]
    return [entry["token"] for entry in settings["logit_bias"]]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"grammar": 'root ::= "a"{5,5}'}, "aaaaa"),
        ({"json_schema": {"const": "42"}}, '"42"'),
        ({"json_schema": {"enum": ["one"]}}, '"one"'),
    ],
)
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_rule_with_one_text_gives_it_and_the_token_that_ends_it_counts(server, rule, text, temperature):
    answer = server.complete(
        "Write an example", n_predict=30, temperature=temperature, return_tokens=True, **rule
    )

    assert answer["content"] == text
    assert answer["stop_type"] == "eos"
    assert answer["tokens"][-1] in ending_tokens(server)
    assert answer["tokens_predicted"] == answer["timings"]["predicted_n"] == len(answer["tokens"])
    assert server.post("/detokenize", {"tokens": answer["tokens"][:-1]}).json()["content"].strip() == text


@pytest.mark.parametrize("schema", [{}, {"type": "object"}, {"type": "array", "items": {"type": "integer"}}])
def test_a_rule_holds_as_far_as_the_limit_goes(server, schema):
    answer = server.complete("Write an example", n_predict=10, json_schema=schema)

    assert answer["content"]
    assert answer["tokens_predicted"] <= 10


@pytest.mark.parametrize(
    "rule",
    [
        {"grammar": "root ::= ("},
        {"grammar": "no root"},
        {"grammar": 5},
        {"json_schema": 123},
        {"json_schema": {"type": 123}},
        {"json_schema": {"type": "hiccup"}},
        {"json_schema": {"type": "object"}, "grammar": 'root ::= "a"'},
    ],
)
@pytest.mark.parametrize("is_stream", [False, True])
def test_rules_that_are_none_are_refused_before_a_stream_begins(server, rule, is_stream):
    reply = server.post("/completion", {"prompt": "a", "n_predict": 4, "stream": is_stream, **rule})

    assert reply.status_code == 400
    assert reply.json()["error"]["type"] == "invalid_request_error"
