from __future__ import annotations

import asyncio

import pytest

from corral.bench.dialect import DIALECTS
from corral.bench.errors import BenchError
from corral.bench.load import LoadSettings, fetch_vocabulary, run_scenario
from corral.bench.target import Target
from corral.bench.workload import Scenario

SETTINGS = LoadSettings(dialect=DIALECTS["completion"], timeout_s=5.0)
SCENARIO = Scenario("small", n_streams=3, n_prompt=2, n_predict=4, n_repeats=2)
PROMPTS = [[index, index + 1] for index in range(6)]


def run_on(fake):
    async def run():
        async with fake.listening() as target:
            return await run_scenario(target, SCENARIO, PROMPTS, SETTINGS)

    return asyncio.run(run())


def test_every_prompt_is_sent_once_and_counted(fake_server) -> None:
    fake = fake_server()

    run = run_on(fake)

    assert sorted(body["prompt"] for _, body in fake.requests) == PROMPTS
    assert (len(run.requests), run.n_predicted, run.n_short) == (6, 24, 0)
    assert all(request.n_prompt == 2 for request in run.requests)


def test_short_answers_are_counted(fake_server) -> None:
    fake = fake_server(lambda *_: fake_server.chunked(fake_server.native_events(3)))

    assert run_on(fake).n_short == 6


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nwait", "the server answered 503: wait"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nda", "cut the stream"),
        (b'HTTP/1.1 200 OK\r\n\r\ndata: {"content":"a","stop":false}\n\n', "without a final event"),
        (b'HTTP/1.1 200 OK\r\n\r\ndata: {"error":{"message":"no memory"}}\n\n', "no memory"),
        (b"", "closed the connection without an answer"),
        (b"hello\r\n\r\n", "does not speak HTTP/1.1"),
    ],
)
def test_a_failed_stream_fails_the_run_in_one_sentence(fake_server, answer: bytes, sentence: str) -> None:
    with pytest.raises(BenchError, match=rf"A at http://127.0.0.1:\d+: .*{sentence}"):
        run_on(fake_server(lambda *_: answer))


def test_silence_ends_after_the_timeout(fake_server) -> None:
    hasty = LoadSettings(dialect=DIALECTS["completion"], timeout_s=0.05)

    async def run():
        async with fake_server(is_silent=True).listening() as target:
            await run_scenario(target, SCENARIO, PROMPTS, hasty)

    with pytest.raises(BenchError, match=r"no final event within 0\.05 s"):
        asyncio.run(run())


def test_nobody_there_is_an_error_with_the_address() -> None:
    with pytest.raises(BenchError, match=r"^Cannot reach A at http://127\.0\.0\.1:1: "):
        asyncio.run(run_scenario(Target("A", "127.0.0.1", 1), SCENARIO, PROMPTS, SETTINGS))


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


def models_of(fake, path: str = "/completion") -> list[str | None]:
    return [body.get("model") for asked, body in fake.requests if asked == path]


def run_two_models(fake, scenario: Scenario, models: tuple[str, ...] = ("x", "y")):
    settings = LoadSettings(dialect=DIALECTS["completion"], models=models, timeout_s=5.0)
    prompts = [[index] for index in range(scenario.n_requests)]

    async def run():
        async with fake.listening() as target:
            return await run_scenario(target, scenario, prompts, settings)

    return asyncio.run(run())


def test_one_stream_takes_the_models_in_turn(fake_server) -> None:
    fake = fake_server()

    run_two_models(fake, Scenario("swap", 1, 1, 2, n_repeats=4, n_models=2))

    assert models_of(fake) == ["x", "y", "x", "y"]


def test_each_of_two_streams_keeps_to_its_model(fake_server) -> None:
    fake = fake_server()

    run_two_models(fake, Scenario("both", 2, 1, 2, n_repeats=3, n_models=2))

    assert {(body["prompt"][0] % 2, body["model"]) for _, body in fake.requests} == {(0, "x"), (1, "y")}


def test_a_scenario_of_one_model_asks_the_first_and_no_name_is_no_field(fake_server) -> None:
    named, unnamed = fake_server(), fake_server()

    run_two_models(named, Scenario("one", 1, 1, 2))
    run_two_models(unnamed, Scenario("one", 1, 1, 2), models=())

    assert (models_of(named), "model" in unnamed.requests[0][1]) == (["x"], False)


def test_too_few_names_are_an_error_that_says_how_to_give_them(fake_server) -> None:
    with pytest.raises(BenchError, match=r"^swap needs 2 models: name them by --model NAME,NAME\.$"):
        run_two_models(fake_server(), Scenario("swap", 1, 1, 2, n_models=2), models=("x",))


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
