from __future__ import annotations

import asyncio

import pytest

from corral.bench.dialect import DIALECTS
from corral.bench.errors import BenchError
from corral.bench.settings import LoadSettings
from corral.bench.target import Target
from corral.bench.vocabulary import fetch_vocabulary

SETTINGS = LoadSettings(dialect=DIALECTS["completion"], timeout_s=5.0)


def test_the_vocabulary_comes_from_the_server_without_repeats(fake_server) -> None:
    async def run():
        answer = fake_server.plain(b'{"tokens": [7, 5, 7, 6]}')
        async with fake_server(lambda *_: answer).listening() as target:
            return await fetch_vocabulary(target, SETTINGS)

    assert asyncio.run(run()) == [5, 6, 7]


def test_without_tokenize_the_error_names_the_way_out(fake_server) -> None:
    async def run():
        answer = fake_server.plain(b"File Not Found", "404 Not Found")
        async with fake_server(lambda *_: answer).listening() as target:
            return await fetch_vocabulary(target, SETTINGS)

    with pytest.raises(BenchError, match=r"/tokenize failed .*404.*--text-prompts"):
        asyncio.run(run())


def test_text_prompts_need_no_vocabulary() -> None:
    nowhere = Target("A", "127.0.0.1", 1)

    assert asyncio.run(fetch_vocabulary(nowhere, LoadSettings(dialect=DIALECTS["chat"]))) is None


def vocabulary_of_two(fake_server, tokens: dict[str, list[int]]) -> list[int] | None:
    settings = LoadSettings(dialect=DIALECTS["completion"], models=tuple(tokens), timeout_s=5.0)

    def answer(_path, body) -> bytes:
        return fake_server.plain(b'{"tokens": %s}' % str(tokens[body["model"]]).encode())

    async def run():
        async with fake_server(answer).listening() as target:
            return await fetch_vocabulary(target, settings)

    return asyncio.run(run())


def test_prompts_are_made_of_tokens_that_all_models_have(fake_server) -> None:
    assert vocabulary_of_two(fake_server, {"x": [5, 6, 9], "y": [9, 7, 5]}) == [5, 9]


def test_models_without_a_common_token_need_texts(fake_server) -> None:
    with pytest.raises(BenchError, match=r"no tokens in common; --text-prompts"):
        vocabulary_of_two(fake_server, {"x": [5], "y": [7]})
