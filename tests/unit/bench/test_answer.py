from __future__ import annotations

from corral.bench.answer import said_in

NATIVE = (
    b'data: {"content":"He","stop":false,"tokens":[4,5]}\n\n'
    b'data: {"content":"y","stop":false,"tokens":[6]}\n\n'
    b'data: {"content":"","stop":true,"tokens":[],"tokens_predicted":3}\n\n'
)


def test_llama_servers_own_api_says_tokens_and_text() -> None:
    assert said_in(NATIVE, is_in_ids=True) == [4, 5, 6]
    assert said_in(NATIVE, is_in_ids=False) == "Hey"


def test_a_chat_says_the_deltas() -> None:
    body = (
        b'data: {"choices":[{"delta":{"role":"assistant","content":null}}]}\r\n\r\n'
        b'data: {"choices":[{"delta":{"content":"He"}}]}\r\n\r\n'
        b": a comment\r\n\r\n"
        b'data: {"choices":[{"delta":{"content":"y"}}]}\r\n\r\n'
        b'data: {"choices":[],"usage":{"prompt_tokens":1}}\r\n\r\n'
        b"data: [DONE]\r\n\r\n"
    )

    assert said_in(body, is_in_ids=False) == "Hey"


def test_openais_completions_say_text() -> None:
    body = b'data: {"choices":[{"text":"He"}]}\n\ndata: {"choices":[{"text":"y"}]}\n\n'

    assert said_in(body, is_in_ids=False) == "Hey"
